import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Destination } from '../../../src/destinations/destination.ts';
import { initializeRepository } from '../../../src/repositories/restic/initialize-repository.ts';
import { mendKeys } from '../../../src/repositories/restic/mend-keys.ts';
import { initializedDestination } from './initialized-destination.ts';
import { resticFor } from './restic.ts';
import { startS3Server, type S3Server } from './versitygw.ts';

const limits = { timeoutMilliseconds: 30_000 };
const password = 'correct horse';

let server: S3Server;
let destination: Destination;
let folder: string;

beforeAll(async () => {
  server = await startS3Server();
  destination = await initializedDestination(server.settings);
  folder = mkdtempSync(join(tmpdir(), 'rebound-data-'));
  mkdirSync(join(folder, 'data'));
  for (let n = 0; n < 20; n += 1) writeFileSync(join(folder, 'data', `${n}.txt`), 'line\n'.repeat(n * 1_000));
});
afterAll(async () => {
  await destination.close();
  await server.remove();
  rmSync(folder, { recursive: true });
});

const initialize = (repositoryPath: string) => initializeRepository({ destination, repositoryPath, password }, limits);

const listedKeys = z.array(z.object({ id: z.string(), userName: z.string() }));
const listedSnapshots = z.array(z.object({ id: z.string() }));

describe('a repository that Rebound initialises', () => {
  it('is one for restic: it backs up into it, restores from it, checks it, and does not initialise it again', async () => {
    const path = 'shop/ours';
    expect(await initialize(path)).toEqual({ ok: true, value: 'made' });
    const restic = await resticFor(server.settings, path, password);
    expect(JSON.parse(await restic('cat', 'config'))).toMatchObject({ version: 2 });
    expect(listedKeys.parse(JSON.parse(await restic('key', 'list', '--json')))).toMatchObject([
      { userName: 'rebound' },
    ]);
    await expect(restic('init')).rejects.toThrow(/already initialized|config file already exists/);

    await restic('backup', '--host', 'volsync', join(folder, 'data'));
    await restic('check', '--read-data');
    const target = join(folder, 'restored');
    await restic('restore', 'latest', '--target', target);
    const restored = readFileSync(join(target, folder, 'data', '19.txt'));
    expect(restored.equals(readFileSync(join(folder, 'data', '19.txt')))).toBe(true);
    expect(await initialize(path)).toEqual({ ok: true, value: 'found' });
  });

  it('invariant 12: is one, however many initialise it at once', async () => {
    const path = 'shop/together';
    await Promise.all(Array.from({ length: 8 }, () => initialize(path)));
    const restic = await resticFor(server.settings, path, password);
    expect(listedKeys.parse(JSON.parse(await restic('key', 'list', '--json')))).toHaveLength(1);
    await restic('backup', join(folder, 'data'));
    expect(listedSnapshots.parse(JSON.parse(await restic('snapshots', '--json')))).toHaveLength(1);
  });

  it('is left alone where restic was first', async () => {
    const path = 'shop/theirs';
    const restic = await resticFor(server.settings, path, password);
    await restic('init');
    const before = await restic('cat', 'config');
    expect(await initialize(path)).toEqual({ ok: true, value: 'found' });
    expect(await restic('cat', 'config')).toBe(before);
  });
});

describe('a repository that two programs have initialised at once', () => {
  it('can not be read by restic, and can again once the key that does not fit was taken out', async () => {
    const path = 'shop/twice';
    const restic = await resticFor(server.settings, path, password);
    await restic('init');
    const folderOf = (repository: string): string => join(server.folder, 'backups', server.settings.prefix, repository);
    const [first = ''] = readdirSync(join(folderOf(path), 'keys'));
    const stray = readFileSync(join(folderOf(path), 'keys', first));
    rmSync(folderOf(path), { recursive: true });
    await restic('init');
    writeFileSync(join(folderOf(path), 'keys', first), stray);
    await expect(restic('--key-hint', first, 'snapshots')).rejects.toThrow('ciphertext verification failed');

    expect(await mendKeys({ destination, repositoryPath: path, password }, limits)).toEqual({
      ok: true,
      value: [first],
    });
    await restic('backup', join(folder, 'data'));
    await restic('check');
    const copy = await destination.read(`.rebound/removed-keys/${path}/${first}`, limits);
    expect(copy.ok && copy.value !== undefined && stray.equals(copy.value)).toBe(true);
  });

  it('is one of them where restic and Rebound did: what then keeps movers out is mended', async () => {
    for (let round = 0; round < 3; round += 1) {
      const path = `shop/race-${round}`;
      const restic = await resticFor(server.settings, path, password);
      await Promise.allSettled([restic('init'), initialize(path)]);
      expect(await mendKeys({ destination, repositoryPath: path, password }, limits)).toMatchObject({ ok: true });
      await restic('backup', join(folder, 'data'));
      await restic('check');
    }
  });
});
