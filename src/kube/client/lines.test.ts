import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { type LineOptions, readLines } from './lines.ts';

const options: LineOptions = { unfinishedLine: 'drop', maximumBytes: 1_000_000, longLine: 'refuse' };

async function* chunksOf(bytes: Uint8Array, cuts: readonly number[]): AsyncGenerator<Uint8Array> {
  let start = 0;
  for (const end of [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    yield bytes.subarray(start, end);
    start = end;
  }
}

async function linesOf(text: string, cuts: readonly number[], lineOptions = options): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(chunksOf(Buffer.from(text), cuts), lineOptions)) lines.push(line);
  return lines;
}

it('gives the same lines wherever the bytes are cut, in the middle of characters too', async () => {
  const line = fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll(/[\r\n]/g, ''));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (lines, cuts) => {
      expect(await linesOf(lines.map((text) => `${text}\n`).join(''), cuts)).toEqual(lines);
    }),
  );
});

it('drops or gives the unfinished last line, as asked', async () => {
  expect(await linesOf('a\nb', [])).toEqual(['a']);
  expect(await linesOf('a\nb', [2], { ...options, unfinishedLine: 'yield' })).toEqual(['a', 'b']);
});

it('takes a carriage return for part of the line end', async () => {
  expect(await linesOf('a\r\nb\n', [2])).toEqual(['a', 'b']);
});

it('joins a huge line that comes in many small chunks in linear time', async () => {
  const text = `${'x'.repeat(20_000_000)}\n`;
  const cuts = Array.from({ length: 20_000 }, (_, index) => index * 1000);
  const startedAt = performance.now();
  const lines = await linesOf(text, cuts, { ...options, maximumBytes: 30_000_000 });
  expect(lines.map((line) => line.length)).toEqual([20_000_000]);
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

it('refuses a line that is too long instead of filling the memory', async () => {
  await expect(linesOf('x'.repeat(2000), [500, 1000], { ...options, maximumBytes: 1000 })).rejects.toThrow(
    'longer than 1000 bytes',
  );
});

it('cuts lines that are too long, wherever the bytes are cut, and loses no other line', async () => {
  const line = fc.string({ unit: 'grapheme-ascii', maxLength: 40 });
  const cut = { ...options, maximumBytes: 10, longLine: 'cut' } as const;
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.array(fc.nat()), async (lines, cuts) => {
      const text = lines.map((one) => `${one}\n`).join('');
      expect(await linesOf(text, cuts, cut)).toEqual(lines.map((one) => one.slice(0, 10)));
    }),
  );
});

/** What is held after all garbage is collected, in bytes. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  runInNewContext('gc(); gc()');
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

it('holds 4 KiB of a line of 64 MiB', async () => {
  const chunk = Buffer.alloc(64 * 1024, 'x');
  let held = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (let sent = 0; sent < 1024; sent += 1) yield Buffer.from(chunk);
    held = heldBytes();
    yield Buffer.from('\nend\n');
  }
  const before = heldBytes();
  const lines: string[] = [];
  const bounds = { unfinishedLine: 'yield', maximumBytes: 4096, longLine: 'cut' } as const;
  for await (const line of readLines(endless(), bounds)) lines.push(line);
  expect(lines.map((line) => line.length)).toEqual([4096, 3]);
  expect(held - before).toBeLessThan(32 * 1024 * 1024);
});
