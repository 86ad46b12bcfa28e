import { MOVERS_NAMESPACE } from '../../api/group.ts';
import { copyName } from '../../domain/object-names.ts';
import { takenMilliseconds } from '../../domain/taken-time.ts';
import { createUnlessThere } from '../../kube/create-unless-there.ts';
import { persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { objectKey } from '../../kube/model/kind.ts';
import {
  type VolumeSnapshot,
  type VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../kube/model/volume-snapshot-kinds.ts';
import { freeVolumeFor } from '../free-volumes.ts';
import type { RunPlan } from '../engine.ts';
import type { BackupContext } from './backup-context.ts';
import { awaitsNode, nodeOf } from './copy-node.ts';
import { buildCopyClaim, buildCopyContent, buildCopySnapshot, buildFirstSnapshot } from './copy-objects.ts';
import { freeOnDelete, giveUpVolume } from './discard-run.ts';
import { chooseSnapshotClass } from './snapshot-class.ts';

/**
 * Takes the next steps towards a claim among the movers that has a copy of the volume: a snapshot of it; the same snapshot of the
 * storage, known among the movers too; a claim that is made from that. Safe to repeat, and to go on with after a restart.
 *
 * @returns when the copy was taken, milliseconds since 1970; undefined while it is not there yet.
 */
export async function makeCopy(context: BackupContext, plan: RunPlan): Promise<number | undefined> {
  const first = context.stores.snapshots.get(objectKey(plan));
  if (first === undefined) {
    await takeSnapshot(context, plan);
    return undefined;
  }
  const { boundVolumeSnapshotContentName: contentName, creationTime, readyToUse } = first.status ?? {};
  await freeOnDelete(context.client, contentName);
  if (readyToUse !== true || contentName === undefined) return undefined;
  const copy = context.stores.copyClaims.get(objectKey({ namespace: MOVERS_NAMESPACE, name: copyName(plan.name) }));
  if (copy === undefined) {
    await copySnapshot(context, plan, first, contentName);
    return undefined;
  }
  if (copy.status?.phase !== 'Bound') return undefined;
  await giveUpVolume(context, copy.spec.volumeName);
  return takenMilliseconds(creationTime, Date.parse(first.metadata.creationTimestamp), context.now());
}

async function takeSnapshot(context: BackupContext, plan: RunPlan): Promise<void> {
  const choice = chooseSnapshotClass(context.stores, plan.claim, plan.policy);
  if (choice.ok) await createUnlessThere(context.client, volumeSnapshots, buildFirstSnapshot(plan, choice.name));
}

/** The movers' own snapshot is ready as soon as its controller has seen it; the claim waits for that by itself. */
async function copySnapshot(
  context: BackupContext,
  plan: RunPlan,
  first: VolumeSnapshot,
  contentName: string,
): Promise<void> {
  const { client } = context;
  const content = await client.get(volumeSnapshotContents, { name: contentName });
  const handle = content?.status?.snapshotHandle;
  // A snapshot's own word for its content is believed only where that says the same.
  if (handle === undefined || content?.spec.volumeSnapshotRef.uid !== first.metadata.uid) return;
  await makePair(context, plan, content, handle);
  const node = awaitsNode(context, plan.claim) ? nodeOf(context, plan.claim) : undefined;
  const claim = buildCopyClaim(plan, first, node);
  if (freeVolumeFor(context.stores, claim) !== undefined) return;
  await createUnlessThere(client, persistentVolumeClaims, claim);
}

async function makePair(
  { client }: BackupContext,
  plan: RunPlan,
  first: VolumeSnapshotContent,
  handle: string,
): Promise<void> {
  await createUnlessThere(client, volumeSnapshotContents, buildCopyContent(plan, first, handle));
  await createUnlessThere(client, volumeSnapshots, buildCopySnapshot(plan, first));
}
