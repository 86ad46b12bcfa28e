import { execFileSync } from 'node:child_process';
import { chownSync, lchownSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Destination } from '../../../src/destinations/destination.ts';
import { newDestinationIdentity } from '../../../src/destinations/identity.ts';
import { compareTrees } from '../../../src/repositories/restic/compare-trees.ts';
import { TreeSurvey } from '../../../src/domain/tree-survey.ts';
import { readRepository } from '../../../src/repositories/restic/read-repository.ts';
import { createRepositoryCache } from '../../../src/repositories/restic/repository-cache.ts';
import { walkTree } from '../../../src/repositories/restic/walk-tree.ts';
import { initializedDestination } from './initialized-destination.ts';
import { resticFor, resticProgram } from './restic.ts';
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
});
afterAll(async () => {
  await destination.close();
  await server.remove();
  rmSync(folder, { recursive: true });
});

const write = (name: string, text: string): void => writeFileSync(join(folder, name), text);

describe('compareTrees and restic', () => {
  it.each([
    ['1', 'auto'],
    ['2', 'off'],
    ['2', 'max'],
  ])('agree on what a snapshot lacks (format %s, compression %s)', async (version, compression) => {
    folder = mkdtempSync(join(tmpdir(), 'rebound-trees-'));
    mkdirSync(join(folder, 'deep/er'), { recursive: true });
    mkdirSync(join(folder, 'same'));
    for (let n = 0; n < 300; n += 1) {
      write(`deep/er/${n} "quoted" Grüße\n${n}`, `${n}`);
      write(`same/${n}`, `${n}`);
    }
    const repositoryPath = `shop/trees-${version}-${compression}`;
    const restic = await resticFor(server.settings, repositoryPath, password);
    await restic('init', '--repository-version', version);
    const backUp = (time: string, ...more: string[]) =>
      restic('backup', '--compression', version === '1' ? 'auto' : compression, '--time', time, ...more, folder);
    await backUp('2026-01-01 00:00:00');
    write('deep/er/one more', 'x');
    write('deep/er/7 "quoted" Grüße\n7', 'changed');
    await backUp('2026-01-02 00:00:00');
    await backUp('2026-01-03 00:00:00', '--exclude', '*/er/8 *');

    const compare = async (older: number, newer: number) => {
      const cache = createRepositoryCache();
      const reading = await readRepository(destination, repositoryPath, password, { ...limits, cache });
      if (reading.kind !== 'read') return expect.unreachable(reading.kind);
      const pair = {
        older: reading.snapshots[older] ?? expect.unreachable(),
        newer: reading.snapshots[newer] ?? expect.unreachable(),
      };
      return await compareTrees({ destination, repositoryPath, password, cache }, pair, limits);
    };
    const expectAll = async () => {
      expect(await compare(0, 1)).toEqual({ kind: 'lacksNothing' });
      const lack = await compare(1, 2);
      expect(lack).toMatchObject({ kind: 'lacksSome' });
      expect(lack.kind === 'lacksSome' ? lack.path : '').toContain('deep/er/8 ');
      expect(await compare(1, 0)).toMatchObject({ kind: 'lacksSome' });
    };
    await expectAll();
    // Trees are packed anew, and indexes replaced.
    await restic('prune', '--max-unused', '0', '--repack-small');
    await expectAll();
  });
});

describe('walkTree and restic', () => {
  it.each(['1', '2'])('agree on what a snapshot holds (format %s)', async (version) => {
    folder = mkdtempSync(join(tmpdir(), 'rebound-walk-'));
    mkdirSync(join(folder, 'd'));
    write('d/mine', 'x');
    write('d/capable "quoted" Grüße', 'x');
    write('tagged', 'x');
    write('other', 'x');
    symlinkSync('nowhere', join(folder, 'link'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    execFileSync('mknod', [join(folder, 'null'), 'c', '1', '3']);
    execFileSync('setcap', ['cap_net_bind_service=ep', join(folder, 'd/capable "quoted" Grüße')]);
    for (const name of ['d', 'd/mine', 'tagged', 'pipe', 'null']) chownSync(join(folder, name), 1000, 1000);
    lchownSync(join(folder, 'link'), 1000, 1000);
    chownSync(join(folder, 'other'), 33, 34);
    const repositoryPath = `shop/walk-${version}`;
    const restic = await resticFor(server.settings, repositoryPath, password);
    await restic('init', '--repository-version', version);
    // As VolSync does: the top folder itself is not in the snapshot.
    const { program, env } = await resticProgram(server.settings, repositoryPath, password);
    execFileSync(program, ['--no-cache', 'backup', '--quiet', '--host', 'volsync', '.'], { env, cwd: folder });

    const cache = createRepositoryCache();
    const reading = await readRepository(destination, repositoryPath, password, { ...limits, cache });
    if (reading.kind !== 'read') return expect.unreachable(reading.kind);
    const survey = new TreeSurvey();
    const access = { destination, repositoryPath, password, cache };
    const walk = await walkTree(access, reading.snapshots[0]?.id ?? '', (entry) => survey.note(entry), limits);
    expect(walk).toEqual({ kind: 'walked', whole: true });
    expect(survey.facts(true)).toEqual({
      entries: 8,
      whole: true,
      owners: [
        { uid: 1000, gid: 1000, entries: 6, examples: ['d', 'link'] },
        { uid: 0, gid: 0, entries: 1, examples: ['d/capable \\"quoted\\" Grüße'] },
        { uid: 33, gid: 34, entries: 1, examples: ['other'] },
      ],
      devices: { entries: 1, examples: ['null'] },
      capabilities: { entries: 1, examples: ['d/capable \\"quoted\\" Grüße'] },
    });
  });
});
