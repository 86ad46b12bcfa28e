import { beforeEach, describe, expect, it } from 'vitest';
import type { MoverProgress } from '../../domain/restore-progress.ts';
import { moverRestores } from '../../engines/mover/restore.ts';
import { createRepositoryCache } from '../../repositories/restic/repository-cache.ts';
import { remember } from '#simulation/past.ts';
import { World } from '#simulation/world.ts';
import { recordProgress } from './status.ts';
import { showProgress } from './show-progress.ts';

const MIB = 1024 ** 2;
const message = 'The mover restores.';

let world: World;
let said: MoverProgress | undefined | Error;

beforeEach(async () => {
  world = new World();
  world.truth.save({ files: 41, sizeBytes: 8_000_000, complete: true }, world.now() - 3_600_000);
  remember(world);
  world.createClaim('restore');
  await world.until(({ restore }) => restore?.status?.snapshot !== undefined);
  await look({ attempt: 1, moverRuns: false });
});

async function look({ attempt, moverRuns }: { readonly attempt: number; readonly moverRuns: boolean }) {
  const { context } = world.process;
  const engine = {
    ...moverRestores(context, 'restic:1'),
    progress: () => (said instanceof Error ? Promise.reject(said) : Promise.resolve(said)),
  };
  const tools = { context, cache: createRepositoryCache(), engines: { VolSync: engine, Restic: engine } };
  const { restore, claim } = world;
  if (restore === undefined || claim === undefined) expect.unreachable();
  const status = { phase: 'Restoring', attempts: attempt } as const;
  const started = await recordProgress(context, restore, { status, reason: 'Restoring', message });
  const working = { attempt, running: { kind: 'running', moverRuns }, message } as const;
  const { result } = await showProgress(tools, { restore: started, claim }, working);
  return result;
}

const status = () => world.restore?.status;
const told = () =>
  world.events.filter(({ reason }) => reason === 'RestoreProgressing').map(({ message: words }) => words);

describe('the progress of a restore', () => {
  it('is shown as the mover tells it, every ten seconds, with an event at each quarter', async () => {
    said = { doneBytes: 2 * MIB, totalBytes: 8 * MIB };
    await look({ attempt: 1, moverRuns: true });
    expect(status()).toMatchObject({ progress: { attempt: 1, doneBytes: 2 * MIB, totalBytes: 8 * MIB } });
    said = { doneBytes: 3 * MIB, totalBytes: 8 * MIB };
    await look({ attempt: 1, moverRuns: true });
    expect(status()?.progress?.doneBytes).toBe(2 * MIB);
    world.wait(10_000);
    await look({ attempt: 1, moverRuns: true });
    expect(status()?.message).toBe(`${message} 3.0 MiB of 8.0 MiB (37 %), some 1 min to go at this pace.`);
    expect(told()).toEqual([`${message} 2.0 MiB of 8.0 MiB (25 %).`]);
  });

  it('stays as it was last told while a log cannot be read, and goes with its attempt', async () => {
    said = { doneBytes: 2 * MIB, totalBytes: 8 * MIB };
    await look({ attempt: 1, moverRuns: true });
    said = new Error('no route to the node');
    world.wait(10_000);
    await look({ attempt: 1, moverRuns: true });
    expect(status()?.progress?.doneBytes).toBe(2 * MIB);
    await look({ attempt: 2, moverRuns: true });
    expect(status()).toMatchObject({ message });
    expect(status()?.progress).toBeUndefined();
  });

  it('is nothing before a mover runs', async () => {
    said = { doneBytes: 2 * MIB, totalBytes: 8 * MIB };
    await look({ attempt: 1, moverRuns: false });
    expect(status()?.progress).toBeUndefined();
  });
});
