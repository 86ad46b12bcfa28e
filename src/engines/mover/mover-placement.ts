import { type PersistentVolumeClaim, persistentVolumes, type Pod, pods } from '../../kube/model/built-in-kinds.ts';
import { objectKey, type ObjectRef } from '../../kube/model/kind.ts';
import { PODS_BY_CLAIM } from '../../kube/model/placement.ts';
import type { MoverContext } from './context.ts';
import type { MoverPlacement } from './mover-pod.ts';

type Context = Pick<MoverContext, 'client'> & { readonly stores: Pick<MoverContext['stores'], 'pods'> };

/**
 * Whatever keeps other pods off the nodes of an application's volume must not keep its mover off: the tolerations of a pod that uses
 * the claim, of several that has a node, or waits for it. None where there is no such pod.
 *
 * @throws KubeError when it can't be read.
 */
export async function placeAsUsers({ client, stores }: Context, claim: ObjectRef): Promise<MoverPlacement> {
  const users = stores.pods.byIndex(PODS_BY_CLAIM, objectKey(claim)).filter(isAlive);
  const known = users.find(({ spec }) => spec.nodeName !== undefined) ?? users[0];
  if (known === undefined) return {};
  const { name, namespace, uid } = known.metadata;
  // The local copy does not keep them.
  const found = await client.list(pods, { namespace, fieldSelector: `metadata.name=${name}` });
  const tolerations = found.find(({ metadata }) => metadata.uid === uid)?.spec.tolerations ?? [];
  return tolerations.length === 0 ? {} : { tolerations };
}

/**
 * As its users, and on the nodes of the volume where the volume of its copy names none: a driver may say only of the former where its
 * storage can be reached.
 *
 * @throws KubeError when something can't be read.
 */
export async function placeAsVolume(
  context: Context,
  claim: PersistentVolumeClaim,
  copyVolumeName: string | undefined,
): Promise<MoverPlacement> {
  const placement = await placeAsUsers(context, claim.metadata);
  const ofCopy = await nodesOf(context, copyVolumeName);
  const required = ofCopy === undefined ? await nodesOf(context, claim.spec.volumeName) : undefined;
  if (required === undefined) return placement;
  return { ...placement, affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } };
}

const isAlive = ({ status }: Pod): boolean => status?.phase !== 'Succeeded' && status?.phase !== 'Failed';

/** The nodes that can use a volume, as a selector of nodes; undefined where it names none. */
async function nodesOf({ client }: Context, name: string | undefined) {
  if (name === undefined) return undefined;
  return (await client.get(persistentVolumes, { name }))?.spec.nodeAffinity?.required;
}
