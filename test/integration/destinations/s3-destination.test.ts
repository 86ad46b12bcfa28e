import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Destination } from '../../../src/destinations/destination.ts';
import { newDestinationIdentity } from '../../../src/destinations/identity.ts';
import { readLedger, writeLedger } from '../../../src/destinations/ledger.ts';
import { createS3Destination } from '../../../src/destinations/s3/s3-destination.ts';
import type { S3Settings } from '../../../src/destinations/s3/settings.ts';
import { startS3Server, type S3Server } from './versitygw.ts';

const limits = { timeoutMilliseconds: 5_000 };
const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date('2026-01-02T03:04:05Z'));
const other = newDestinationIdentity('00000000-0000-4000-8000-000000000002', new Date('2026-01-02T03:04:05Z'));
const snapshotKey = `shop/db/snapshots/${'a'.repeat(64)}`;

let server: S3Server;
const opened: Destination[] = [];

const open = (change: Partial<S3Settings> = {}, expectedIdentity: string | undefined = identity.id): Destination => {
  const destination = createS3Destination(
    { ...server.settings, ...change },
    { expectedIdentity, identityFreshMilliseconds: 0 },
  );
  opened.push(destination);
  return destination;
};

const bucketFolder = (): string => join(server.folder, 'backups');

beforeAll(async () => {
  server = await startS3Server();
});
afterEach(async () => {
  server.resume();
  await Promise.all(opened.splice(0).map((destination) => destination.close()));
  rmSync(bucketFolder(), { recursive: true, force: true });
  mkdirSync(bucketFolder());
});
afterAll(() => server.remove());

const initialized = async (change: Partial<S3Settings> = {}): Promise<Destination> => {
  expect(await open(change, undefined).initialize(identity, limits)).toMatchObject({
    ok: true,
    value: { created: true },
  });
  return open(change);
};

describe('a real S3 server', () => {
  it.each(['clusters/one', ''])('keeps objects below the prefix %j', async (prefix) => {
    const destination = await initialized({ prefix });
    const bytes = Buffer.from('hello');
    expect(await destination.read('a/b c+ü%.json', limits)).toEqual({ ok: true, value: undefined });
    expect(await destination.write('a/b c+ü%.json', bytes, limits)).toEqual({ ok: true, value: undefined });
    expect(await destination.read('a/b c+ü%.json', limits)).toEqual({ ok: true, value: bytes });
    const listed = await destination.list('a/', limits);
    expect(listed).toMatchObject({ ok: true, value: [{ key: 'a/b c+ü%.json', sizeBytes: 5 }] });
    expect(existsSync(join(bucketFolder(), prefix, 'a/b c+ü%.json'))).toBe(true);
  });

  it('lists more than a page completely', async () => {
    const destination = await initialized();
    const folder = join(bucketFolder(), 'clusters/one/many');
    mkdirSync(folder, { recursive: true });
    for (let n = 0; n < 2_345; n += 1) writeFileSync(join(folder, String(n).padStart(5, '0')), 'x');
    const listed = await destination.list('many/', limits);
    expect(listed.ok && listed.value.length).toBe(2_345);
    expect(await destination.list('many/', { ...limits, maximumEntries: 2_000 })).toMatchObject({ reason: 'TooLarge' });
  });

  it('refuses to read more than is asked for', async () => {
    const destination = await initialized();
    await destination.write('big', Buffer.alloc(100_000), limits);
    expect(await destination.read('big', { ...limits, maximumBytes: 99_999 })).toMatchObject({ reason: 'TooLarge' });
    expect(await destination.read('big', { ...limits, maximumBytes: 100_000 })).toMatchObject({ ok: true });
  });

  it('keeps the ledger', async () => {
    const destination = await initialized();
    const key = { namespace: 'shop', claim: 'db' };
    const time = '2026-01-02T03:04:05Z';
    const lastGoodBackup = { snapshotId: 'a'.repeat(64), time, sizeBytes: 1, files: 1, directories: 1 };
    const record = { version: 1 as const, ...key, claimUid: 'u', policy: 'daily', lastGoodBackup, recordedAt: time };
    expect(await readLedger(destination, key, limits)).toEqual({ ok: true, value: undefined });
    expect(await writeLedger(destination, record, limits)).toEqual({ ok: true, value: undefined });
    expect(await readLedger(destination, key, limits)).toEqual({ ok: true, value: record });
  });

  it('gives the identity to one of many that initialise at once', async () => {
    const candidates = Array.from({ length: 8 }, (_, n) =>
      newDestinationIdentity(`00000000-0000-4000-8000-00000000001${n}`, new Date()),
    );
    const results = await Promise.all(candidates.map((candidate) => open({}, undefined).initialize(candidate, limits)));
    const winners = new Set(results.map((result) => (result.ok ? result.value.identity.id : result.message)));
    expect(winners.size).toBe(1);
    expect(results.filter((result) => result.ok && result.value.created)).toHaveLength(1);
  });
});

describe('probe', () => {
  it('tells exists from none', async () => {
    const destination = await initialized();
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'none' });
    await destination.write(snapshotKey, Buffer.from('x'), limits);
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'exists' });
    expect(await destination.probe('shop/db2', limits)).toEqual({ kind: 'none' });
  });

  it.each([
    ['a wrong secret key', { secretAccessKey: 'wrong' }, 'WrongCredentials'],
    ['an unknown access key', { accessKeyId: 'AKIAUNKNOWN' }, 'WrongCredentials'],
    ['a missing bucket', { bucket: 'nothing' }, 'NoSuchBucket'],
    ['another region', { region: 'eu-west-1' }, 'WrongRegion'],
    ['another prefix', { prefix: 'clusters/two' }, 'IdentityMissing'],
    ['a closed port', { endpoint: 'http://127.0.0.1:1' }, 'Unreachable'],
    ['a name that does not exist', { endpoint: 'http://s3.invalid' }, 'Unreachable'],
    ['TLS to a plain port', { tls: true }, 'TlsFailure'],
  ])('invariant 2: %s is unknown', async (_, { tls, ...change }: Partial<S3Settings> & { tls?: boolean }, reason) => {
    await initialized();
    const endpoint = { endpoint: server.settings.endpoint?.replace('http:', 'https:') };
    const result = await open({ ...change, ...(tls === true ? endpoint : {}) }).probe('shop/db', limits);
    expect(result).toMatchObject({ kind: 'unknown', reason });
    expect(JSON.stringify(result)).not.toContain(server.settings.secretAccessKey);
  });

  it('invariant 2: another destination is unknown, even where it holds such a backup', async () => {
    await (await initialized()).write(snapshotKey, Buffer.from('x'), limits);
    expect(await open({}, other.id).probe('shop/db', limits)).toMatchObject({
      kind: 'unknown',
      reason: 'WrongIdentity',
    });
  });

  it('invariant 2: an emptied bucket is unknown', async () => {
    const destination = await initialized();
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'none' });
    for (const name of readdirSync(bucketFolder())) rmSync(join(bucketFolder(), name), { recursive: true });
    expect(await destination.probe('shop/db', limits)).toMatchObject({ kind: 'unknown', reason: 'IdentityMissing' });
  });

  it('invariant 2: a hung server is unknown, in time, and works again when it goes on', async () => {
    const destination = await initialized();
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'none' });
    server.pause();
    const start = performance.now();
    const results = await Promise.all(
      Array.from({ length: 200 }, () => destination.probe('shop/db', { timeoutMilliseconds: 300 })),
    );
    expect(performance.now() - start).toBeLessThan(1_500);
    for (const result of results) expect(result).toMatchObject({ kind: 'unknown', reason: 'Timeout' });
    server.resume();
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'none' });
  });

  it('invariant 2: a server killed in the middle of a call is unknown', async () => {
    const destination = await initialized();
    await destination.probe('shop/db', limits);
    server.pause();
    const under = destination.probe('shop/db', limits);
    const list = destination.list('', limits);
    await server.kill();
    expect(await under).toMatchObject({ kind: 'unknown', reason: 'Unreachable' });
    expect(await list).toMatchObject({ ok: false, reason: 'Unreachable' });
    expect(await destination.probe('shop/db', limits)).toMatchObject({ kind: 'unknown', reason: 'Unreachable' });
    await server.start();
    // A store that was silent is asked again after a moment.
    await expect.poll(() => destination.probe('shop/db', limits), { timeout: 10_000 }).toEqual({ kind: 'none' });
  });

  it('uses a new connection when the server closed the kept one', async () => {
    const destination = await initialized();
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'none' });
    await server.kill();
    await server.start();
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'none' });
  });

  it('invariant 2: a call that is given up, or comes after the end, is unknown', async () => {
    const destination = await initialized();
    server.pause();
    const controller = new AbortController();
    const given = destination.probe('shop/db', { ...limits, signal: controller.signal });
    controller.abort();
    expect(await given).toMatchObject({ kind: 'unknown', reason: 'Aborted' });
    server.resume();
    await destination.close();
    expect(await destination.probe('shop/db', limits)).toMatchObject({ kind: 'unknown' });
  });
});
