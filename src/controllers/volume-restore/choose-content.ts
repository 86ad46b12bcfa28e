import type { SnapshotReference } from '../../api/snapshot.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { rfc3339 } from '../../domain/rfc3339.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { tell, warn } from '../context.ts';
import { moverUserOf } from '../mover-user.ts';
import type { RepositoryAccess } from '../repository-access.ts';
import { type Resolution, resolveSnapshot } from './resolve.ts';
import { resolveAnywhere } from './resolve-anywhere.ts';
import { hold, type Scene, short, type Step, type Stop, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';

/** How many certain answers in a row it takes to believe that there is no backup. */
const CERTAIN_NONES = 3;
/**
 * Between two answers that count. All of them together last longer than a destination is trusted to be the right one
 * without looking again (see StoredDestinationOptions), so that a store which is exchanged or emptied meanwhile is noticed.
 */
const NONE_REPEAT_MILLISECONDS = 4_000;

/** Steps 1 and 2: which snapshot, or certainly none. */
export async function chooseContent(tools: Tools, { restore, claim }: Scene): Promise<Step> {
  if (restore.status?.snapshot !== undefined || restore.status?.blank === true) return { restore, claim };
  const tooSoonMilliseconds = untilNextNone(tools, restore);
  if (tooSoonMilliseconds > 0) return { result: requeueAfter(tooSoonMilliseconds) };
  const resolution = await resolveAnywhere(tools, restore);
  switch (resolution.kind) {
    case 'wait':
      return await hold(tools, { restore, claim }, resolution.reason, resolution.message);
    case 'none':
      return await countNone(tools, { restore, claim }, resolution.warning);
    case 'snapshot':
      return await recordChoice(tools, { restore, claim }, resolution);
  }
}

type Chosen = Extract<Resolution, { kind: 'snapshot' }>;

async function recordChoice(tools: Tools, { restore, claim }: Scene, chosen: Chosen): Promise<Step> {
  const { snapshot, destinationName, record } = chosen;
  const choice = moverUserOf(tools.context.stores, claim, record?.mover);
  if (!choice.ok) return await hold(tools, { restore, claim }, 'MalformedMoverUser', choice.message);
  const from = destinationName === undefined ? '' : ` from BackupDestination ${destinationName}`;
  const message = `Restoring snapshot ${short(snapshot)}${from} into the claim.`;
  const { volumeCapacityBytes } = record ?? {};
  const moverUser = choice.user;
  const status = { phase: 'Provisioning', snapshot, destinationName, moverUser, volumeCapacityBytes } as const;
  const recorded = await recordProgress(tools.context, restore, { status, reason: 'Restoring', message });
  tell(tools.context, claim, 'Restoring', message);
  return { claim, restore: recorded };
}

/** How long to wait until another "none" counts. */
function untilNextNone(tools: Tools, { status }: VolumeRestore): number {
  if (status?.lastNoneTime === undefined || status.certainNones === 0) return 0;
  const untilMilliseconds = Date.parse(status.lastNoneTime) + NONE_REPEAT_MILLISECONDS - tools.context.now();
  return Math.min(NONE_REPEAT_MILLISECONDS, untilMilliseconds);
}

async function countNone(tools: Tools, { restore, claim }: Scene, warning: string | undefined): Promise<Step> {
  const certainNones = (restore.status?.certainNones ?? 0) + 1;
  const lastNoneTime = rfc3339(tools.context.now());
  if (certainNones < CERTAIN_NONES) {
    const message = `The destination says that there is no backup of this claim (${certainNones} of ${CERTAIN_NONES} answers).`;
    await recordProgress(tools.context, restore, {
      status: { phase: 'Probing', certainNones, lastNoneTime },
      reason: 'NoBackup',
      message,
    });
    return { result: requeueAfter(NONE_REPEAT_MILLISECONDS) };
  }
  const blankMessage = 'There is certainly no backup of this claim: it gets a blank volume.';
  const message = warning === undefined ? blankMessage : `${blankMessage} ${warning}.`;
  const status = { phase: 'Provisioning', blank: true, certainNones, lastNoneTime } as const;
  const recorded = await recordProgress(tools.context, restore, { status, reason: 'NoBackup', message });
  (warning === undefined ? tell : warn)(tools.context, claim, 'NoBackup', message);
  return { claim, restore: recorded };
}

/** A snapshot that did not come back may be gone, or a newer one be there: what is in the destination now counts. */
export async function chooseAgain(
  tools: Tools,
  scene: Scene,
  access: RepositoryAccess,
  snapshot: SnapshotReference,
): Promise<SnapshotReference | Stop> {
  const resolution = await resolveSnapshot(tools.cache, access, scene.restore);
  switch (resolution.kind) {
    case 'snapshot':
      return resolution.snapshot;
    case 'wait':
      return await hold(tools, scene, resolution.reason, resolution.message);
    case 'none': {
      const message = `snapshot ${short(snapshot)} was there a while ago, and now there is none. Bring the repository back, or delete the claim and create it again to let it start blank`;
      return await hold(tools, scene, 'BackupVanished', message);
    }
  }
}
