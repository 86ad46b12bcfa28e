import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  lchownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RestoreRecord } from '../../../src/domain/restore-record.ts';
import type { Destination } from '../../../src/destinations/destination.ts';
import { newDestinationIdentity } from '../../../src/destinations/identity.ts';
import { readRunRecord } from '../../../src/destinations/run-record.ts';
import { resticRepositoryUrl } from '../../../src/destinations/s3/restic-repository.ts';
import { buildBackupJob } from '../../../src/engines/mover/backup-job.ts';
import { buildMoverSecret } from '../../../src/engines/mover/mover-secret.ts';
import type { MoverRepository } from '../../../src/engines/mover/mover-repository.ts';
import { buildRestoreJob, type RestorePlan } from '../../../src/engines/mover/restore-job.ts';
import { backupPlan, restorePlan } from '#doubles/mover/mover-plans.ts';
import { type Libc, openLibc } from '../../../src/mover/libc.ts';
import { initializedDestination } from '../destinations/initialized-destination.ts';
import { type Restic, resticFor, resticProgram } from '../destinations/restic.ts';
import { type S3Server, startS3Server } from '../destinations/versitygw.ts';
import { type ContainerEnd, runJob } from './run-job.ts';

const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const jobUid = '99999999-0000-4000-8000-000000000000';
const limits = { timeoutMilliseconds: 30_000 };
/** An ACL of five entries, as Linux stores it (linux/posix_acl_xattr.h): the owner, user 1234, the group, the mask, others. */
const acl = Buffer.from(
  '02000000' + '01000700ffffffff' + '02000500d2040000' + '04000500ffffffff' + '10000500ffffffff' + '20000000ffffffff',
  'hex',
);
/** cap_net_raw+ep, as Linux stores it (linux/capability.h, VFS_CAP_REVISION_2). */
const capability = Buffer.from('0100000200200000000000000000000000000000', 'hex');

let server: S3Server;
let destination: Destination;
let libc: Libc;
let home: string;
let source: string;
let volume: string;
let repository: MoverRepository;
let restic: Restic;
let count = 0;

beforeAll(async () => {
  libc = await openLibc();
  server = await startS3Server();
  destination = await initializedDestination(server.settings, identity);
});

afterAll(async () => {
  await destination.close();
  await server.remove();
});

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'rebound-movers-'));
  source = join(home, 'source');
  volume = join(home, 'volume');
  for (const folder of [source, volume]) mkdirSync(folder);
  count += 1;
  const path = `shop/db-${count}`;
  const password = 'correct horse';
  repository = {
    url: resticRepositoryUrl(server.settings, path),
    password,
    settings: server.settings,
    path,
    identity: identity.id,
  };
  restic = await resticFor(server.settings, path, password);
  await restic('init');
});

afterEach(() => rmSync(home, { recursive: true }));

const attribute = (name: string, key: string, value: Buffer): void =>
  libc.setAttribute(Buffer.from(join(source, name)), key, value);

/** One of everything that a file system has. */
function fill(): void {
  const at = (name: string): string => join(source, name);
  mkdirSync(at('folder'));
  for (let n = 0; n < 20; n += 1) writeFileSync(at(`folder/${n}`), `${n}`);
  writeFileSync(Buffer.concat([Buffer.from(at('folder/bad')), Buffer.of(0xff, 0x0a)]), 'no UTF-8');
  writeFileSync(at('suid'), 'x');
  chownSync(at('suid'), 1000, 2000);
  chmodSync(at('suid'), 0o4755);
  chownSync(at('folder'), 1000, 2000);
  chmodSync(at('folder'), 0o2770);
  writeFileSync(at('big'), Buffer.alloc(3_000_000, 'abc'));
  linkSync(at('big'), at('folder/hard'));
  symlinkSync('folder/nowhere', at('soft'));
  lchownSync(at('soft'), 7, 8);
  writeFileSync(at('sparse'), '');
  truncateSync(at('sparse'), 10_000_000);
  execFileSync('mkfifo', [at('fifo')]);
  execFileSync('mknod', [at('null'), 'c', '1', '3']);
  attribute('folder', 'system.posix_acl_default', acl);
  attribute('folder/1', 'system.posix_acl_access', acl);
  attribute('folder/2', 'security.capability', capability);
  attribute('folder/3', 'user.note', Buffer.of(0, 0xff));
  libc.setModifiedTime(Buffer.from(at('folder/4')), 981_173_106_789_012_345n);
  chownSync(source, 1000, 2000);
  chmodSync(source, 0o3770);
  attribute('.', 'system.posix_acl_access', acl);
  libc.setModifiedTime(Buffer.from(source), 981_173_106_789_012_345n);
}

const secretOf = (name: string) => buildMoverSecret({ name, uid: jobUid }, restorePlan.client, repository).data;

async function backUp(more: Partial<typeof backupPlan> = {}): Promise<readonly ContainerEnd[]> {
  const client = { ...backupPlan.client, claim: { ...backupPlan.client.claim, name: repository.path.slice(5) } };
  const built = buildBackupJob({ ...backupPlan, client, repository, ...more });
  return await runJob(built, { secret: secretOf(built.metadata.name), jobUid, volume: source });
}

async function restore(snapshotId: string, more: Partial<RestorePlan> = {}): Promise<readonly ContainerEnd[]> {
  const built = buildRestoreJob({ ...restorePlan, repository, snapshotId, ...more });
  return await runJob(built, { secret: secretOf(built.metadata.name), jobUid, volume });
}

const snapshots = z.array(
  z.object({
    id: z.string(),
    hostname: z.string(),
    time: z.string(),
    paths: z.array(z.string()),
    tags: z.array(z.string()).default([]),
  }),
);
const newestSnapshot = async () =>
  snapshots.parse(JSON.parse(await restic('snapshots', '--json'))).at(-1) ?? expect.unreachable('no snapshot');

const exits = (ends: readonly ContainerEnd[]) => ends.map(({ name, exitCode }) => [name, exitCode]);
const whole = { count: 0, first: [] };
const proof = (ends: readonly ContainerEnd[]): unknown => JSON.parse(ends.at(-1)?.message ?? '');

describe('invariant 11: a restore by our own mover', () => {
  it('brings back everything there is, the top folder too, and proves it', async () => {
    fill();
    expect(exits(await backUp())).toEqual([
      ['look', 0],
      ['restic', 0],
      ['record', 0],
    ]);
    const { id } = await newestSnapshot();
    const ends = await restore(id);
    expect(exits(ends)).toEqual([
      ['look', 0],
      ['restic', 0],
      ['prove', 0],
    ]);
    expect(proof(ends)).toMatchObject({
      snapshotId: id,
      missing: whole,
      added: whole,
      differing: whole,
      attributesNotRestored: [],
      furtherAttributes: 0,
      topFolder: 'restored',
    } satisfies Partial<RestoreRecord>);
    const [before, after] = [source, volume].map((folder) => lstatSync(folder, { bigint: true }));
    expect([after?.uid, after?.gid, after?.mode, after?.mtimeNs]).toEqual([
      1000n,
      2000n,
      before?.mode,
      981_173_106_789_012_345n,
    ]);
    expect(libc.attribute(Buffer.from(volume), 'system.posix_acl_access')).toEqual(acl);
    expect(libc.attribute(Buffer.from(join(volume, 'folder/2')), 'security.capability')).toEqual(capability);
    expect(lstatSync(join(volume, 'sparse')).blocks).toBe(0);
  });

  it('does not touch a volume that holds files', async () => {
    writeFileSync(join(source, 'a'), 'from the backup');
    await backUp();
    writeFileSync(join(volume, 'precious'), 'x');
    const ends = await restore((await newestSnapshot()).id);
    expect(exits(ends)).toEqual([['look', 1]]);
    expect(proof(ends)).toEqual({ names: ['precious'], hasMore: false });
    expect(readdirSync(volume)).toEqual(['precious']);
  });

  it('ends with exactly the snapshot where an attempt before had written', async () => {
    fill();
    await backUp();
    const { id } = await newestSnapshot();
    await restore(id);
    writeFileSync(join(volume, 'folder/left over'), 'x');
    truncateSync(join(volume, 'big'), 5);
    unlinkSync(join(volume, 'suid'));
    mkdirSync(join(volume, 'lost+found'));
    const ends = await restore(id, { filledBefore: true, attempt: 2, verifyContent: true });
    expect(exits(ends)).toEqual([
      ['look', 0],
      ['restic', 0],
      ['prove', 0],
    ]);
    expect(proof(ends)).toMatchObject({ added: whole, attributesNotRestored: [] });
    expect(readdirSync(volume)).toContain('lost+found');
  });

  it("tells by name what a snapshot of VolSync's lacks and a volume does not take", async () => {
    writeFileSync(join(source, 'a'), 'x');
    attribute('a', 'trusted.note', Buffer.from('x'));
    const { program, env } = await resticProgram(server.settings, repository.path, repository.password);
    execFileSync(program, ['--no-cache', 'backup', '.', '--host', 'volsync'], { env, cwd: source });
    const { id } = await newestSnapshot();
    const ends = await restore(id);
    expect(proof(ends)).toMatchObject({
      missing: whole,
      attributesNotRestored: [{ attribute: 'trusted.note', count: 1 }],
      topFolder: 'unknown',
    });
  });

  it('says which password and which snapshot are not right', async () => {
    writeFileSync(join(source, 'a'), 'x');
    await backUp();
    expect(exits(await restore('f'.repeat(64))).at(-1)).toEqual(['restic', 1]);
    repository = { ...repository, password: 'another' };
    expect(exits(await restore('f'.repeat(64))).at(-1)).toEqual(['restic', 12]);
  });
});

describe('invariant 7: a backup by our own mover', () => {
  it('is what VolSync would find, and is recorded beside the repository', async () => {
    fill();
    writeFileSync(join(source, 'left out.tmp'), 'x');
    mkdirSync(join(source, 'lost+found'));
    mkdirSync(join(source, 'folder/lost+found'));
    const ends = await backUp({ excludes: ['*.tmp'] });
    const snapshot = await newestSnapshot();
    expect(snapshot).toMatchObject({ hostname: 'volsync', time: '2026-01-02T03:04:05Z', paths: [source] });
    expect(snapshot.tags).toContain(`run:${jobUid}`);
    const claim = { namespace: 'shop', claim: repository.path.slice(5) };
    const record = await readRunRecord(destination, claim, jobUid, limits);
    expect(record).toMatchObject({
      ok: true,
      value: {
        snapshotId: snapshot.id,
        clusterUid: backupPlan.clusterUid,
        topFolder: { uid: 1000, gid: 2000, mode: 0o3750 },
      },
    });
    expect(proof(ends)).toMatchObject({ snapshotId: snapshot.id });
    const listed = await restic('ls', snapshot.id);
    expect(listed).toContain('/folder/lost+found');
    expect(listed).not.toContain('left out.tmp');
    expect(listed.split('\n')).not.toContain('/lost+found');
  });

  it('adds next to nothing where nothing changed', async () => {
    fill();
    await backUp();
    const { id } = await newestSnapshot();
    const ends = await backUp({ parentId: id });
    expect(ends.find(({ name }) => name === 'restic')?.message).toContain('"files_new":0,"files_changed":0');
  });

  it('leaves no snapshot of a volume that holds nothing', async () => {
    mkdirSync(join(source, 'lost+found'));
    expect(exits(await backUp())).toEqual([['look', 1]]);
    expect(JSON.parse(await restic('snapshots', '--json'))).toEqual([]);
  });
});
