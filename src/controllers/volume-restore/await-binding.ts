import { KubeError } from '../../kube/client/errors.ts';
import { type Event, persistentVolumes } from '../../kube/model/built-in-kinds.ts';
import { newestWarning, warningsAbout } from '../../kube/warning-events.ts';
import { GRACE_MILLISECONDS } from '../../domain/telling.ts';
import { type Scene, showLastingWait, type Stop, type Tools } from './scene.ts';

/** By which the volume controller refuses a pair (pkg/controller/volume/persistentvolume, 1.34). */
const REFUSALS: ReadonlySet<string> = new Set(['VolumeMismatch', 'ClaimMisbound', 'FailedBinding']);

/**
 * The volume names the claim: the volume controller binds the two, within a second as a rule, and what lasts is told.
 * Undefined where no volume was handed over, or it is gone since.
 */
export async function awaitBinding(tools: Tools, scene: Scene): Promise<Stop | undefined> {
  const { restore, claim } = scene;
  const { volumeName, provenTime = '' } = restore.status ?? {};
  if (volumeName === undefined) return undefined;
  const { context } = tools;
  const volume = await context.client.get(persistentVolumes, { name: volumeName });
  if (volume?.spec.claimRef?.uid !== claim.metadata.uid) return undefined;
  const waitedMilliseconds = context.now() - (Date.parse(provenTime) || context.now());
  const words = waitedMilliseconds < GRACE_MILLISECONDS ? undefined : await refusalAbout(tools, scene);
  return await showLastingWait(tools, scene, {
    reason: 'WaitingForBinding',
    message: `Volume ${volumeName} has all the data and names this claim, but Kubernetes does not bind the two${words === undefined ? '' : `: ${words}`}.`,
    advice: `Compare spec of the claim with that of the volume (kubectl get pv ${volumeName} -o yaml), and see that kube-controller-manager runs.`,
    waitedMilliseconds,
  });
}

async function refusalAbout({ context }: Tools, { claim }: Scene): Promise<string | undefined> {
  const { namespace, name } = claim.metadata;
  try {
    const warnings = await warningsAbout(context.client, namespace, name);
    return newestWarning(warnings.filter((one) => isOfBinding(one, claim.metadata.uid)));
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    // Why is known to others only; that it lasts is told all the same.
    context.log.warn({ err: error, namespace, name }, 'the events about a claim cannot be read');
    return undefined;
  }
}

const isOfBinding = ({ reason, involvedObject }: Event, uid: string | undefined): boolean =>
  reason !== undefined && REFUSALS.has(reason) && involvedObject.uid === uid;
