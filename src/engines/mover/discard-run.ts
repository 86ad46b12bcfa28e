import { MOVERS_NAMESPACE } from '../../api/group.ts';
import { isMadeForItsClaim } from '../../domain/fillable-volume.ts';
import { FORMER_POLICY_ANNOTATION } from '../../domain/letting-go.ts';
import { copyName } from '../../domain/object-names.ts';
import { isNotFound } from '../../kube/client/errors.ts';
import {
  jobs,
  type PersistentVolume,
  persistentVolumeClaims,
  persistentVolumes,
} from '../../kube/model/built-in-kinds.ts';
import { volumeSnapshotContents, volumeSnapshots } from '../../kube/model/volume-snapshot-kinds.ts';
import type { RunRef } from '../engine.ts';
import { type BackupContext, VOLUMES_BY_COPY } from './backup-context.ts';
import { dropJob } from './drop-job.ts';

type Context = Pick<BackupContext, 'client' | 'stores'>;
type Step = (context: Context, run: RunRef) => Promise<boolean>;

const amongMovers = ({ name }: RunRef) => ({ namespace: MOVERS_NAMESPACE, name: copyName(name) });

const endMover: Step = async ({ client }, { name }) => {
  const job = await client.get(jobs, { namespace: MOVERS_NAMESPACE, name });
  if (job !== undefined) await dropJob(client, job);
  return true;
};

/** Kubernetes keeps the claim while the mover's pod uses it. */
const removeClaim: Step = async (context, run) => {
  const { client } = context;
  const ref = amongMovers(run);
  const claim = await client.get(persistentVolumeClaims, ref);
  if (claim === undefined) return true;
  await giveUpVolume(context, claim.spec.volumeName);
  const { uid, deletionTimestamp } = claim.metadata;
  if (deletionTimestamp === undefined) await client.delete(persistentVolumeClaims, ref, { preconditions: { uid } });
  return false;
};

/** Whatever its class says of volumes: a copy goes with its claim. One that was there before stays, with its files. */
export async function giveUpVolume({ client }: Pick<Context, 'client'>, name: string | undefined): Promise<void> {
  if (name === undefined || name === '') return;
  const volume = await client.get(persistentVolumes, { name });
  if (volume !== undefined) await setPolicy(client, volume, isCopy(volume) ? 'Delete' : 'Retain');
}

/** Whether a provisioner has made a volume for its claim, so that it holds the copy and nothing else. */
export const isCopy = ({ metadata }: PersistentVolume): boolean => isMadeForItsClaim(metadata.annotations ?? {});

async function setPolicy(
  client: Context['client'],
  { metadata, spec }: PersistentVolume,
  policy: 'Delete' | 'Retain',
): Promise<void> {
  if (spec.persistentVolumeReclaimPolicy === policy || metadata.deletionTimestamp !== undefined) return;
  const { name, resourceVersion, annotations } = metadata;
  // Who gives it back has to know what it was.
  const kept = {
    [FORMER_POLICY_ANNOTATION]: annotations?.[FORMER_POLICY_ANNOTATION] ?? spec.persistentVolumeReclaimPolicy,
  };
  const patch = {
    metadata: { resourceVersion, ...(policy === 'Retain' ? { annotations: kept } : {}) },
    spec: { persistentVolumeReclaimPolicy: policy },
  };
  await client.mergePatch(persistentVolumes, { name }, patch);
}

/** The storage frees a snapshot only once no volume that was made from it is left, with some drivers. */
const awaitVolume: Step = async ({ client, stores }, { name }) => {
  const known = stores.volumes.byIndex(VOLUMES_BY_COPY, copyName(name));
  const there = await Promise.all(known.map(({ metadata }) => client.get(persistentVolumes, { name: metadata.name })));
  const left = there.filter((one) => one !== undefined).filter(isCopy);
  for (const volume of left) await setPolicy(client, volume, 'Delete');
  return left.length === 0;
};

const removePair: Step = async ({ client }, run) => {
  const ref = amongMovers(run);
  const hasSnapshot = await client.delete(volumeSnapshots, ref);
  const hasContent = await client.delete(volumeSnapshotContents, { name: ref.name });
  return !hasSnapshot && !hasContent;
};

const removeFirst: Step = async ({ client }, run) => {
  const first = await client.get(volumeSnapshots, run);
  if (first === undefined) return true;
  await freeOnDelete(client, first.status?.boundVolumeSnapshotContentName);
  const { uid } = first.metadata;
  return !(await client.delete(volumeSnapshots, run, { preconditions: { uid } }));
};

/** Whatever its class says of snapshots: the storage's own goes with the content. */
export async function freeOnDelete(client: Context['client'], contentName: string | undefined): Promise<void> {
  if (contentName === undefined || contentName === '') return;
  const content = await client.get(volumeSnapshotContents, { name: contentName });
  if (content === undefined || content.spec.deletionPolicy === 'Delete') return;
  const { name, resourceVersion } = content.metadata;
  const patch = { metadata: { resourceVersion }, spec: { deletionPolicy: 'Delete' } };
  await client.mergePatch(volumeSnapshotContents, { name }, patch);
}

const steps: readonly Step[] = [endMover, removeClaim, awaitVolume, removePair, removeFirst];

/**
 * Takes away all that a run has made: mover, claim, volume, the movers' snapshot, then the first one. Each only once what comes before
 * it is gone. Safe to repeat, and to go on with after a restart.
 *
 * @returns whether nothing is left.
 */
export async function discardRun(context: Context, run: RunRef): Promise<boolean> {
  try {
    for (const step of steps) if (!(await step(context, run))) return false;
    return true;
  } catch (error) {
    // It went between a look and a write.
    if (isNotFound(error)) return false;
    throw error;
  }
}
