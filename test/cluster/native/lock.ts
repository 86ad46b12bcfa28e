import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';

import { z } from 'zod';

import { ClusterError, codeOf } from '../cluster-error.ts';
import { poll } from '../poll.ts';
import { identify, isAlive } from './process-identity.ts';

const ownerSchema = z.object({ pid: z.int(), startTicks: z.string(), bootId: z.string() });

function owner(path: string): z.infer<typeof ownerSchema> | undefined {
  try {
    return ownerSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError || error instanceof z.ZodError) return undefined;
    throw error;
  }
}

/** Takes the lock if it is free or its owner is dead. A link is atomic, and the file is complete when it appears. */
function tryLock(path: string): boolean {
  const mine = `${path}.${process.pid}`;
  writeFileSync(mine, JSON.stringify(identify(process.pid)));
  try {
    linkSync(mine, path);
    return true;
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const holder = owner(path);
    if (holder === undefined || !isAlive(holder)) rmSync(path, { force: true });
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

export interface LockOptions {
  readonly timeoutSeconds: number;
  /** Called once when somebody else holds the lock. */
  readonly onWait?: (holderPid: number) => void;
}

/**
 * Runs `work` while no other process runs work under the same lock file. A lock whose owner died is taken over.
 * @throws ClusterError when the lock stays taken for longer than the timeout.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(path), { recursive: true });
  let announced = false;
  await poll({ what: `the lock ${path}`, timeoutSeconds: options.timeoutSeconds, intervalMs: 100 }, async () => {
    if (tryLock(path)) return true;
    const holder = owner(path);
    if (holder !== undefined && !announced) {
      announced = true;
      options.onWait?.(holder.pid);
    }
    return false;
  }).catch((error: unknown) => {
    if (!(error instanceof ClusterError)) throw error;
    throw new ClusterError(`process ${owner(path)?.pid ?? 'unknown'} holds ${path}: wait for it or end it`);
  });
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
