import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Destination } from '../../../src/destinations/destination.ts';
import { newDestinationIdentity } from '../../../src/destinations/identity.ts';
import { createS3Destination } from '../../../src/destinations/s3/s3-destination.ts';
import { readRepository } from '../../../src/repositories/restic/read-repository.ts';
import { createRepositoryCache } from '../../../src/repositories/restic/repository-cache.ts';
import { initializedDestination } from './initialized-destination.ts';
import { resticFor, type Restic } from './restic.ts';
import { startS3Server, type S3Server } from './versitygw.ts';

const limits = { timeoutMilliseconds: 30_000 };
const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const password = 'correct horse';

let server: S3Server;
let destination: Destination;
let folder: string;

beforeAll(async () => {
  server = await startS3Server();
  destination = await initializedDestination(server.settings, identity);
  folder = mkdtempSync(join(tmpdir(), 'rebound-data-'));
  mkdirSync(join(folder, 'deep/er'), { recursive: true });
  for (let n = 0; n < 20; n += 1) writeFileSync(join(folder, 'deep', `${n}.txt`), 'line\n'.repeat(n * 100));
});
afterAll(async () => {
  await destination.close();
  await server.remove();
  rmSync(folder, { recursive: true });
});

const listed = z.array(
  z.object({
    id: z.string(),
    short_id: z.string(),
    time: z.string(),
    tree: z.string(),
    hostname: z.string(),
    paths: z.array(z.string()),
    tags: z.array(z.string()).default([]),
    summary: z.object({
      total_files_processed: z.number(),
      total_bytes_processed: z.number(),
      dirs_new: z.number(),
      dirs_changed: z.number(),
      dirs_unmodified: z.number(),
    }),
  }),
);

/** What restic itself says, in our form. */
const asResticSays = async (restic: Restic) =>
  listed
    .parse(JSON.parse(await restic('snapshots', '--json')))
    .map(({ short_id: shortId, tree: treeId, summary, ...snapshot }) => ({
      ...snapshot,
      treeId,
      shortId,
      timeMilliseconds: Date.parse(snapshot.time),
      summary: {
        files: summary.total_files_processed,
        directories: summary.dirs_new + summary.dirs_changed + summary.dirs_unmodified,
        sizeBytes: summary.total_bytes_processed,
      },
    }));

const read = (path: string, secret = password) =>
  readRepository(destination, path, secret, { ...limits, cache: createRepositoryCache() });

const repositoryFolder = (path: string): string => join(server.folder, 'backups', server.settings.prefix, path);

describe('readRepository and restic', () => {
  it.each([
    ['1', 'auto'],
    ['2', 'off'],
    ['2', 'auto'],
    ['2', 'max'],
  ])('agree on a repository of format %s with compression %s', async (version, compression) => {
    const path = `shop/format-${version}-${compression}`;
    const restic = await resticFor(server.settings, path, password);
    expect(await read(path)).toEqual({ kind: 'absent' });
    expect(await destination.probe(path, limits)).toEqual({ kind: 'none' });

    await restic('init', '--repository-version', version);
    expect(await read(path)).toEqual({ kind: 'empty' });
    expect(await destination.probe(path, limits)).toEqual({ kind: 'none' });
    expect(await read(path, 'wrong horse')).toMatchObject({ kind: 'unknown', reason: 'WrongPassword' });

    const backup = (...more: string[]) =>
      restic('backup', '--compression', version === '1' ? 'auto' : compression, ...more, folder);
    await backup('--tag', 'one', '--tag', 'two,three', '--host', 'volsync');
    await backup('--time', '2021-02-03 04:05:06');
    writeFileSync(join(folder, 'deep/er', path.replaceAll('/', '-')), 'more');
    await backup('--host', 'volsync');

    const expected = await asResticSays(restic);
    expect(expected).toHaveLength(3);
    expect(await read(path)).toEqual({ kind: 'read', damaged: [], snapshots: expected });
    expect(await destination.probe(path, limits)).toEqual({ kind: 'exists' });
    expect(await read(path, 'wrong horse')).toMatchObject({ kind: 'unknown', reason: 'WrongPassword' });
  });

  it('agree after a second password, changed tags and forgotten snapshots', async () => {
    const path = 'shop/changed';
    const restic = await resticFor(server.settings, path, password);
    await restic('init');
    await restic('backup', folder);
    await restic('backup', folder);
    const passwordFile = join(folder, '..', `${Date.now()}-password`);
    writeFileSync(passwordFile, 'second horse');
    await restic('key', 'add', '--new-password-file', passwordFile);
    rmSync(passwordFile);
    await restic('tag', '--add', 'later', 'latest');
    await restic('forget', '--keep-last', '1', '--prune');
    const expected = await asResticSays(restic);
    expect(expected).toHaveLength(1);
    for (const secret of [password, 'second horse']) {
      expect(await read(path, secret)).toEqual({ kind: 'read', damaged: [], snapshots: expected });
    }
  });

  it('leave each other alone: reading takes no lock and writes nothing', async () => {
    const path = 'shop/untouched';
    const restic = await resticFor(server.settings, path, password);
    await restic('init');
    await restic('backup', folder);
    const before = readdirSync(repositoryFolder(path), { recursive: true }).sort();
    await read(path);
    expect(readdirSync(repositoryFolder(path), { recursive: true }).sort()).toEqual(before);
    await restic('check');
  });
});

describe('readRepository', () => {
  it('reports a damaged snapshot beside the good ones', async () => {
    const path = 'shop/damaged';
    const restic = await resticFor(server.settings, path, password);
    await restic('init');
    for (let n = 0; n < 3; n += 1) await restic('backup', folder);
    const [first, second, third] = await asResticSays(restic);
    const file = join(repositoryFolder(path), 'snapshots', second?.id ?? '');
    const bytes = readFileSync(file);
    bytes.writeUInt8(bytes.readUInt8(40) ^ 1, 40);
    writeFileSync(file, bytes);
    const reading = await read(path);
    expect(reading).toMatchObject({ kind: 'read', damaged: [{ id: second?.id }] });
    expect(reading.kind === 'read' && reading.snapshots).toEqual([first, third]);
  });

  it('invariant 2: an unreachable or hung store makes the reading unknown, in time', async () => {
    const path = 'shop/hung';
    const restic = await resticFor(server.settings, path, password);
    await restic('init');
    await restic('backup', folder);
    server.pause();
    const start = performance.now();
    const options = { timeoutMilliseconds: 500, cache: createRepositoryCache() };
    expect(await readRepository(destination, path, password, options)).toMatchObject({
      kind: 'unknown',
      reason: 'Timeout',
    });
    expect(performance.now() - start).toBeLessThan(1_500);
    await server.kill();
    expect(await read(path)).toMatchObject({ kind: 'unknown', reason: 'Unreachable' });
    await server.start();
    expect(await read(path)).toMatchObject({ kind: 'read' });
  });

  it('invariant 2: a wrong store makes the reading unknown', async () => {
    const wrong = createS3Destination(server.settings, { expectedIdentity: identity.id.replace(/1$/, '2') });
    const reading = await readRepository(wrong, 'shop/none', password, { ...limits, cache: createRepositoryCache() });
    expect(reading).toMatchObject({ kind: 'unknown', reason: 'WrongIdentity' });
    await wrong.close();
  });
});
