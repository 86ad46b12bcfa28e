import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runLook } from './look.ts';

let home: string;
let volume: string;
let report: string;

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'rebound-look-'));
  volume = join(home, 'volume');
  report = join(home, 'report');
  await mkdir(volume);
});

afterEach(() => rm(home, { recursive: true }));

const reported = async (): Promise<unknown> => JSON.parse(await readFile(report, 'utf8'));

it('reports that a new volume is empty', async () => {
  await mkdir(join(volume, 'lost+found'));
  await runLook(volume, report);
  expect(await reported()).toEqual({ names: [], hasMore: false });
});

it('reports the names at the top, and changes nothing', async () => {
  await mkdir(join(volume, 'folder'));
  await writeFile(join(volume, 'folder', 'deep'), '');
  await runLook(volume, report);
  expect(await reported()).toEqual({ names: ['folder'], hasMore: false });
  expect(await readdir(volume, { recursive: true })).toEqual(['folder', 'folder/deep']);
});

it('reports why it cannot read', async () => {
  await expect(runLook(join(home, 'nowhere'), report)).rejects.toThrow('ENOENT');
  expect(await readFile(report, 'utf8')).toContain('ENOENT');
});
