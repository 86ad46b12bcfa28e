import { MOVERS_NAMESPACE } from '../../api/group.ts';
import type { BackupPolicy } from '../../api/backup-policy.ts';
import { copyName, runOfCopy } from '../../domain/object-names.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { objectKey } from '../../kube/model/kind.ts';
import type { BackupEngine, RunPlan, RunRef } from '../engine.ts';
import { type BackupContext, RUNS_BY_CLAIM_UID } from './backup-context.ts';
import { buildBackupJob } from './backup-job.ts';
import { awaitsNode, nodeOf } from './copy-node.ts';
import { clientOf } from './copy-objects.ts';
import { discardRun } from './discard-run.ts';
import { imageRefusal } from './image-refusal.ts';
import { makeCopy } from './make-copy.ts';
import { placeAsVolume } from './mover-placement.ts';
import { moverRepository } from './mover-repository.ts';
import { observeRun } from './observe-run.ts';
import { chooseSnapshotClass } from './snapshot-class.ts';
import { startMover } from './start-mover.ts';

/** The run of a claim that anything is left of: of several, the one that was there first. */
function runOf({ stores }: BackupContext, { metadata }: PersistentVolumeClaim): RunRef | undefined {
  const { uid, namespace } = metadata;
  const snapshots = stores.snapshots.byIndex(RUNS_BY_CLAIM_UID, uid);
  const within = (where: string) => snapshots.filter((one) => one.metadata.namespace === where);
  const named = [...within(namespace), ...stores.moverJobs.byIndex(RUNS_BY_CLAIM_UID, uid)];
  // Labels of what lies in another namespace than these are whatever its users write there.
  const copies = [...within(MOVERS_NAMESPACE), ...stores.copyClaims.byIndex(RUNS_BY_CLAIM_UID, uid)];
  const names = [...named.map((one) => one.metadata.name), ...copies.map((one) => runOfCopy(one.metadata.name))];
  const [name] = names;
  return name === undefined ? undefined : { name, namespace };
}

function refusal(context: BackupContext, claim: PersistentVolumeClaim, policy: BackupPolicy): string | undefined {
  const withoutImage = imageRefusal(context);
  if (withoutImage !== undefined) return withoutImage;
  const choice = chooseSnapshotClass(context.stores, claim, policy);
  if (!choice.ok) return choice.message;
  if (awaitsNode(context, claim) && nodeOf(context, claim) === undefined) return 'no node is known for its volume';
  return undefined;
}

/** @throws where the program knows of no image of its own: it chooses this engine only where it does. */
async function advance(context: BackupContext, plan: RunPlan, resticImage: string): Promise<void> {
  const { ownImage: own, clusterUid } = context;
  if (own === undefined) throw new Error('no image is known that movers could run from');
  const job = context.stores.moverJobs.get(objectKey({ namespace: MOVERS_NAMESPACE, name: plan.name }));
  if (job !== undefined && job.spec.suspend !== true) return;
  const takenMilliseconds = await makeCopy(context, plan);
  if (takenMilliseconds === undefined) return;
  const copy = context.stores.copyClaims.get(objectKey({ namespace: MOVERS_NAMESPACE, name: copyName(plan.name) }));
  const backupPlan = {
    name: plan.name,
    client: clientOf('backup', plan),
    clusterUid,
    images: { own, restic: { image: resticImage } },
    placement: await placeAsVolume(context, plan.claim, copy?.spec.volumeName),
    repository: moverRepository(plan.access),
    copyClaimName: copyName(plan.name),
    takenMilliseconds,
    parentId: plan.parentId,
    excludes: [],
  };
  await startMover(context.client, buildBackupJob(backupPlan), backupPlan);
}

/**
 * Backs up by movers of our own: each run reads a copy of the volume, made from a snapshot, in the movers' namespace.
 *
 * @param resticImage one that has `restic` in its search path.
 */
export function moverBackups(context: BackupContext, resticImage: string): BackupEngine {
  return {
    refusal: (claim, policy) => refusal(context, claim, policy),
    runOf: (claim) => runOf(context, claim),
    observe: async (claim) => {
      const run = runOf(context, claim);
      return run === undefined ? { kind: 'none' } : await observeRun(context, run, claim);
    },
    advance: (plan) => advance(context, plan, resticImage),
    discard: (run) => discardRun(context, run),
    advice: `look at the Jobs and pods rebound-backup-* in namespace ${MOVERS_NAMESPACE}`,
  };
}
