import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EngineName } from '../../../src/api/backup-policy.ts';
import { replicationDestinations } from '../../../src/engines/volsync/kinds.ts';
import { persistentVolumeClaims } from '../../../src/kube/model/built-in-kinds.ts';
import { run } from '../../cluster/command.ts';
import type { ClaimClock } from './claim-clock.ts';
import {
  claimName,
  type ClusterWorld,
  namespace,
  owner,
  repositorySecretName,
  storageClassName,
} from './cluster-world.ts';
import { checksumScript } from './contents.ts';

/** What a restore took, and what it brought back. */
export interface Restored {
  readonly createToBoundSeconds: number;
  /** See {@link checksumScript}. */
  readonly checksum: string;
  /** Seconds from the beginning at which Rebound's phases were seen. */
  readonly phases: Readonly<Record<string, number>>;
}

/** restic on this machine, from the same store into a folder, without a cache as a new mover has none. */
export async function restoreWithRestic(world: ClusterWorld): Promise<Restored> {
  const folder = mkdtempSync(join(tmpdir(), 'rebound-bench-restic-'));
  try {
    const [target, cache] = [join(folder, 'target'), join(folder, 'cache')];
    const env = await world.repositoryEnvironment();
    const startedAt = performance.now();
    const restic = join(world.environment.binFolder, 'restic');
    await run([restic, 'restore', 'latest', '--target', target, '--cache-dir', cache], { env });
    const createToBoundSeconds = (performance.now() - startedAt) / 1000;
    // VolSync's mover backs up the folder that it stands in, so the snapshot's files are in the target itself or below it.
    const checksum = await run(
      ['bash', '-euc', `cd "$(dirname "$(find . -name 'big-1' -o -name small | head --lines=1)")"; ${checksumScript}`],
      {
        cwd: target,
      },
    );
    return { createToBoundSeconds, checksum: checksum.trim(), phases: {} };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** VolSync's own populator: a ReplicationDestination that makes a snapshot, and a claim whose data source it is. */
export async function restoreWithVolSync(world: ClusterWorld, clock: ClaimClock): Promise<Restored> {
  const destination = { namespace, name: 'bench-volsync' };
  const dataSourceRef = { apiGroup: 'volsync.backube', kind: 'ReplicationDestination', name: destination.name };
  const restored = await restoreClaim(world, clock, async () => {
    await world.client.create(replicationDestinations, {
      metadata: destination,
      spec: {
        trigger: { manual: 'once' },
        restic: {
          repository: repositorySecretName,
          copyMethod: 'Snapshot',
          capacity: world.contents.capacity,
          accessModes: ['ReadWriteOnce'],
          storageClassName,
          cacheCapacity: '1Gi',
          cleanupCachePVC: true,
          cleanupTempPVC: true,
          moverSecurityContext: owner,
        },
      },
    });
    const metadata = { namespace, name: claimName };
    await world.client.create(persistentVolumeClaims, { metadata, spec: { ...world.claimSpec, dataSourceRef } });
  });
  await world.client.delete(replicationDestinations, destination);
  await world.removeClaim();
  return restored;
}

/** Rebound: the user's own claim with its label; `engine`: whose movers do it. */
export async function restoreWithRebound(
  world: ClusterWorld,
  clock: ClaimClock,
  engine: EngineName,
): Promise<Restored> {
  await world.useEngine(engine);
  const create = () => world.client.create(persistentVolumeClaims, world.labelledClaim);
  const restored = await restoreClaim(world, clock, create);
  await world.removeClaim();
  return restored;
}

async function restoreClaim(world: ClusterWorld, clock: ClaimClock, create: () => Promise<unknown>): Promise<Restored> {
  const sightings = await clock.time(create);
  const seconds = [...sightings].map(([what, milliseconds]): [string, number] => [what, milliseconds / 1000]);
  const { Bound: createToBoundSeconds = 0, ...phases } = Object.fromEntries(seconds);
  return { createToBoundSeconds, phases, checksum: await world.inPod(checksumScript) };
}
