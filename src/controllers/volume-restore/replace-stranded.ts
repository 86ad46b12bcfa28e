import { judgePlacement, type Placement } from '../../domain/stranded-claim.ts';
import { NO_PROVISIONER, nodes, persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { warn } from '../context.ts';
import { SELECTED_NODE_ANNOTATION } from '../../kube/model/placement.ts';
import { engineOf, type PrimedScene, type Stop, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';

const COPY_LAG_MILLISECONDS = 200;

/**
 * Gives up a prime claim without a volume where none can come, so that the next one is made where the scheduler wants it:
 * its choice is taken off the user's claim too, for it would not choose again. Undefined where a volume may come yet.
 */
export async function replaceStranded(tools: Tools, scene: PrimedScene): Promise<Stop | undefined> {
  const { restore, prime } = scene;
  const { context } = tools;
  const placement = await placementOf(tools, scene);
  if (placement === 'fine') return undefined;
  const { attempts, primeClaimUID: _prime, ...status } = restore.status ?? {};
  const anew = { ...restore, status: { ...status, ...(attempts === undefined ? {} : { attempts: attempts + 1 }) } };
  const message = messageOf(scene, placement);
  await recordProgress(context, anew, { reason: 'VolumeNotPlaced', message });
  if (attempts !== undefined) await engineOf(tools, restore).discard({ restore, attempt: attempts });
  const { uid } = prime.metadata;
  await context.client.delete(persistentVolumeClaims, prime.metadata, { preconditions: { uid } });
  if (placement !== 'moved') await takeNodeOff(tools, scene);
  warn(context, scene.claim, 'VolumeNotPlaced', message);
  return { result: requeueAfter(COPY_LAG_MILLISECONDS) };
}

async function placementOf({ context }: Tools, { claim, prime }: PrimedScene): Promise<Placement> {
  const { client, stores } = context;
  const storageClass = stores.storageClasses.get(prime.spec.storageClassName ?? '');
  const waitsForNode =
    storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && storageClass.provisioner !== NO_PROVISIONER;
  const claimNode = claim.metadata.annotations?.[SELECTED_NODE_ANNOTATION];
  const primeNode = prime.metadata.annotations?.[SELECTED_NODE_ANNOTATION];
  const isAsked = waitsForNode && primeNode !== undefined && primeNode === claimNode;
  const nodeExists = !isAsked || (await client.get(nodes, { name: primeNode })) !== undefined;
  return judgePlacement({ waitsForNode, claimNode, primeNode, nodeExists });
}

function messageOf({ claim }: PrimedScene, placement: Exclude<Placement, 'fine'>): string {
  const node = claim.metadata.annotations?.[SELECTED_NODE_ANNOTATION] ?? '';
  const why = {
    moved: `the scheduler has chosen node ${node} since`,
    refused: `the provisioner can make none on node ${node}, which the scheduler had chosen; it chooses again`,
    gone: `node ${node}, which the scheduler had chosen, does not exist any more; it chooses again`,
  }[placement];
  return `The volume is made elsewhere: ${why}.`;
}

/** Only what was judged by: a conflict where anybody has changed the claim since. */
async function takeNodeOff({ context }: Tools, { claim }: PrimedScene): Promise<void> {
  const { namespace, name, resourceVersion } = claim.metadata;
  const annotations = { [SELECTED_NODE_ANNOTATION]: null };
  await context.client.mergePatch(
    persistentVolumeClaims,
    { namespace, name },
    { metadata: { resourceVersion, annotations } },
  );
}
