import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Destination } from '../../../src/destinations/destination.ts';
import { readLocks } from '../../../src/repositories/restic/read-locks.ts';
import { createRepositoryCache } from '../../../src/repositories/restic/repository-cache.ts';
import { sealLock } from '#doubles/destinations/seal.ts';
import { speaksOfLock } from '../../../src/engines/volsync/mover-log.ts';
import { poll } from '../../cluster/poll.ts';
import { initializedDestination } from './initialized-destination.ts';
import { resticFor, resticProgram, type Restic } from './restic.ts';
import { startS3Server, type S3Server } from './versitygw.ts';

const limits = { timeoutMilliseconds: 30_000 };
const password = 'correct horse';
const cache = createRepositoryCache();

let server: S3Server;
let destination: Destination;

beforeAll(async () => {
  server = await startS3Server();
  destination = await initializedDestination(server.settings);
});
afterAll(async () => {
  await destination.close();
  await server.remove();
});

const read = (repositoryPath: string) =>
  readLocks({ destination, repositoryPath, password, cache }, { ...limits, mustExist: true });

const locksFolder = (path: string): string => join(server.folder, 'backups', server.settings.prefix, path, 'locks');

const locksIn = (path: string): string[] => (existsSync(locksFolder(path)) ? readdirSync(locksFolder(path)) : []);

/** Lets a restic die of SIGKILL as soon as it has locked the repository: it waits a moment before it goes on. */
const dieWithLock = async (path: string, ...parameters: readonly string[]): Promise<{ readonly pid: number }> => {
  const { program, env } = await resticProgram(server.settings, path, password);
  const child = spawn(program, ['--no-cache', ...parameters], { env, stdio: 'ignore' });
  const exited = once(child, 'exit');
  await poll({ what: 'a lock', timeoutSeconds: 30, intervalMs: 5 }, async () => locksIn(path).length > 0);
  child.kill('SIGKILL');
  await exited;
  return { pid: child.pid ?? 0 };
};

const failed = z.object({ stderr: z.string() });

const complaintOf = async (restic: Restic, ...parameters: readonly string[]): Promise<string> => {
  try {
    await restic(...parameters);
  } catch (error) {
    return failed.parse(error).stderr;
  }
  return '';
};

const masterKey = z.object({ mac: z.object({ k: z.base64(), r: z.base64() }), encrypt: z.base64() });

describe('readLocks and removeLock', () => {
  it('read the exclusive lock of a prune that died, and take it out of the way', async () => {
    const path = 'shop/pruned';
    const restic = await resticFor(server.settings, path, password);
    await restic('init');
    const start = Date.now();
    const { pid } = await dieWithLock(path, 'prune');
    const [id = ''] = locksIn(path);

    const reading = await read(path);
    expect(reading).toMatchObject({
      kind: 'read',
      locks: [{ id, exclusive: true, holder: { hostname: hostname(), pid } }],
    });
    const [lock] = reading.kind === 'read' ? reading.locks : [];
    for (const time of [lock?.timeMilliseconds, lock?.modifiedMilliseconds]) {
      expect(time).toBeGreaterThan(start - 2_000);
      expect(time).toBeLessThan(Date.now() + 2_000);
    }
    expect(speaksOfLock(await complaintOf(restic, 'snapshots'))).toBe(true);

    expect(await destination.removeLock(path, id, limits)).toMatchObject({ ok: true });
    expect(await destination.removeLock(path, id, limits)).toMatchObject({ ok: true });
    expect(await read(path)).toEqual({ kind: 'read', locks: [] });
    expect(await complaintOf(restic, 'snapshots')).toBe('');
  });

  it('tell the lock of a process that only reads, which keeps a forget out but no restore', async () => {
    const path = 'shop/read';
    const restic = await resticFor(server.settings, path, password);
    await restic('init');
    const { pid } = await dieWithLock(path, 'snapshots');
    expect(await read(path)).toMatchObject({ kind: 'read', locks: [{ exclusive: false, holder: { pid } }] });
    expect(await complaintOf(restic, 'snapshots')).toBe('');
    expect(speaksOfLock(await complaintOf(restic, 'forget', '--keep-last', '1'))).toBe(true);
  });

  it('read what tests seal, and so does restic', async () => {
    const path = 'shop/sealed';
    const restic = await resticFor(server.settings, path, password);
    await restic('init');
    const { mac, encrypt } = masterKey.parse(JSON.parse(await restic('cat', 'masterkey')));
    const bytesOf = (base64: string): Buffer => Buffer.from(base64, 'base64');
    const key = { encrypt: bytesOf(encrypt), macK: bytesOf(mac.k), macR: bytesOf(mac.r) };
    const timeMilliseconds = Date.UTC(2026, 0, 1);
    const { name, bytes } = sealLock(key, { timeMilliseconds, exclusive: true });
    mkdirSync(locksFolder(path), { recursive: true });
    writeFileSync(join(locksFolder(path), name), bytes);

    expect(await read(path)).toMatchObject({ locks: [{ id: name, timeMilliseconds, exclusive: true }] });
    expect(await complaintOf(restic, 'snapshots')).toContain('locked exclusively by PID 33 on mover-1 by root');
    await restic('unlock');
    expect(await read(path)).toEqual({ kind: 'read', locks: [] });
  });
});
