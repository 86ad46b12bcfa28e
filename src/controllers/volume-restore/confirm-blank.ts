import type { VolumeRestore } from '../../api/volume-restore.ts';
import { persistentVolumes } from '../../kube/model/built-in-kinds.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { announceChoice, holdResolution, restoringMessage, statusOfChoice } from './choice.ts';
import { resolveAnywhere } from './resolve-anywhere.ts';
import { type PrimedScene, type PrimedStep, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';

/**
 * Looks once more, right before a blank volume changes hands, whether there is certainly no backup: days may have passed
 * since, and one have come. Any other answer takes the blank volume back.
 */
export async function confirmBlank(tools: Tools, scene: PrimedScene): Promise<PrimedStep> {
  const { restore } = scene;
  if (restore.status?.blank !== true || (await hasChangedHands(tools, scene))) return scene;
  const doubtful = { ...scene, restore: withoutBlank(restore) };
  const resolution = await resolveAnywhere(tools, scene);
  switch (resolution.kind) {
    case 'none':
      return scene;
    case 'wait':
      return await holdResolution(tools, doubtful, resolution);
    case 'snapshot': {
      const chosen = await statusOfChoice(tools, doubtful, resolution);
      if ('result' in chosen) return chosen;
      const message = restoringMessage(resolution);
      const { destinationName } = resolution;
      const status = { phase: 'Provisioning', ...chosen.status, destinationName } as const;
      await recordProgress(tools.context, doubtful.restore, { status, reason: 'Restoring', message });
      announceChoice(tools, scene, resolution);
      return { result: requeueAfter(0) };
    }
  }
}

/** The hand-over was done, but its record did not get through: what is done counts. */
async function hasChangedHands(tools: Tools, { claim, prime }: PrimedScene): Promise<boolean> {
  const volume = await tools.context.client.get(persistentVolumes, { name: prime.spec.volumeName ?? '' });
  return volume?.spec.claimRef?.uid === claim.metadata.uid;
}

/** Its volume is looked at again before anything is written into it. */
function withoutBlank(restore: VolumeRestore): VolumeRestore {
  const { blank: _blank, clearedPrime: _cleared, ...status } = restore.status ?? {};
  return { ...restore, status };
}
