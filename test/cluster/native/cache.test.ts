import { existsSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { cached, entryPath } from './cache.ts';

const silent = (): void => undefined;
let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cache-'));
  vi.stubEnv('XDG_CACHE_HOME', folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

function entries(): string[] {
  return readdirSync(join(folder, 'rebound')).filter((name) => !name.startsWith('.'));
}

describe('cached', () => {
  it('builds once per input', async () => {
    let builds = 0;
    const build = async (target: string): Promise<void> => {
      builds += 1;
      writeFileSync(join(target, 'result'), String(builds));
    };
    const part = { name: 'part', madeOf: ['1'] };
    const paths = await Promise.all([cached(part, build, silent), cached(part, build, silent)]);
    expect(builds).toBe(1);
    expect(paths).toEqual([entryPath(part), entryPath(part)]);
    await cached({ name: 'part', madeOf: ['2'] }, build, silent);
    expect(builds).toBe(2);
  });

  it('keeps nothing of a build that failed', async () => {
    const part = { name: 'part', madeOf: ['1'] };
    const build = async (target: string): Promise<void> => {
      writeFileSync(join(target, 'half'), '');
      throw new Error('interrupted');
    };
    await expect(cached(part, build, silent)).rejects.toThrow('interrupted');
    expect(existsSync(entryPath(part))).toBe(false);
    expect(entries()).toEqual([]);
  });

  it('keeps the two newest entries of a part, and other parts whose names begin alike', async () => {
    const build = async (): Promise<void> => undefined;
    await cached({ name: 'part-two', madeOf: ['1'] }, build, silent);
    for (const version of ['1', '2', '3']) {
      const path = await cached({ name: 'part', madeOf: [version] }, build, silent);
      utimesSync(path, Number(version), Number(version));
    }
    const kept = ['2', '3'].map((version) => entryPath({ name: 'part', madeOf: [version] }));
    expect(
      entries()
        .map((name) => join(folder, 'rebound', name))
        .sort(),
    ).toEqual([...kept, entryPath({ name: 'part-two', madeOf: ['1'] })].sort());
  });
});
