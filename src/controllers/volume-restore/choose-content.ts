import type { SnapshotReference } from '../../api/snapshot.ts';
import type { VolumeRestore, VolumeRestoreStatus } from '../../api/volume-restore.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { tell, warn } from '../context.ts';
import type { RepositoryAccess } from '../../repositories/access.ts';
import { announceChoice, holdResolution, resolveFor, restoringMessage, statusOfChoice } from './choice.ts';
import type { Resolution } from './resolve.ts';
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

/** Steps 1 and 2: which snapshot, or certainly none. What is used later is looked at once more then. */
export async function chooseContent(tools: Tools, scene: Scene): Promise<Step> {
  const { restore } = scene;
  if (restore.status?.snapshot !== undefined || restore.status?.blank === true) return scene;
  const tooSoonMilliseconds = untilNextNone(tools, restore);
  if (tooSoonMilliseconds > 0) return { result: requeueAfter(tooSoonMilliseconds) };
  const resolution = await resolveAnywhere(tools, scene);
  switch (resolution.kind) {
    case 'wait':
      return await holdResolution(tools, scene, resolution);
    case 'none':
      return await countNone(tools, scene, resolution.warning);
    case 'snapshot':
      return await recordChoice(tools, scene, resolution);
  }
}

async function recordChoice(
  tools: Tools,
  scene: Scene,
  resolution: Extract<Resolution, { kind: 'snapshot' }>,
): Promise<Step> {
  const chosen = await statusOfChoice(tools, scene, resolution);
  if ('result' in chosen) return chosen;
  const message = restoringMessage(resolution);
  const { destinationName } = resolution;
  const status = { phase: 'Provisioning', ...chosen.status, destinationName } as const;
  const restore = await recordProgress(tools.context, scene.restore, { status, reason: 'Restoring', message });
  announceChoice(tools, scene, resolution);
  return { claim: scene.claim, restore };
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
  const status = { phase: 'Provisioning', blank: true, certainNones, lastNoneTime, finding: undefined } as const;
  const recorded = await recordProgress(tools.context, restore, { status, reason: 'NoBackup', message });
  (warning === undefined ? tell : warn)(tools.context, claim, 'NoBackup', message);
  return { claim, restore: recorded };
}

/** What an attempt is to bring back. */
export interface ChosenAgain {
  readonly snapshot: SnapshotReference;
  readonly status: Partial<VolumeRestoreStatus>;
  /** Tells the claim, where it is another one than before. */
  readonly announce: () => void;
}

/**
 * Chooses right before a mover begins: between the first choice and this moment days may have passed, a newer snapshot
 * have come, or the chosen one have gone. What is in the destination now counts.
 */
export async function chooseAgain(
  tools: Tools,
  scene: Scene,
  access: RepositoryAccess,
  before: SnapshotReference,
): Promise<ChosenAgain | Stop> {
  const resolution = await resolveFor(tools, scene, access);
  switch (resolution.kind) {
    case 'snapshot': {
      const chosen = await statusOfChoice(tools, scene, resolution);
      if ('result' in chosen) return chosen;
      const { snapshot } = resolution;
      const announce = (): void => {
        if (snapshot.id !== before.id) announceChoice(tools, scene, resolution);
      };
      return { snapshot, status: chosen.status, announce };
    }
    case 'wait':
      return await holdResolution(tools, scene, resolution);
    case 'none':
      return await chooseElsewhere(tools, scene, before);
  }
}

/** Where nothing is left, the tier may have been given another destination meanwhile: all are asked, as they were at first. */
async function chooseElsewhere(tools: Tools, scene: Scene, before: SnapshotReference): Promise<Stop> {
  const resolution = await resolveAnywhere(tools, scene);
  switch (resolution.kind) {
    case 'snapshot': {
      const recorded = await recordChoice(tools, scene, resolution);
      return 'result' in recorded ? recorded : { result: requeueAfter(0) };
    }
    case 'wait':
      return await holdResolution(tools, scene, resolution);
    case 'none': {
      const message = `snapshot ${short(before)} was there a while ago, and now there is none. Bring the repository back, or delete the claim and create it again to let it start blank`;
      return await hold(tools, scene, 'BackupVanished', message);
    }
  }
}
