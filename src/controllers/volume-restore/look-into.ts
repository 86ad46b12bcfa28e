import { LOOK_ROLE, ROLE_LABEL } from '../../api/labels.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { inWords, isEmpty, type LookReport } from '../../domain/look-report.ts';
import type { MoverUserChoice } from '../../domain/mover-user.ts';
import { lookPodName } from '../../domain/object-names.ts';
import { moverAdvice } from '../../engines/volsync/mover-trouble.ts';
import { isAlreadyExists, KubeError } from '../../kube/client/errors.ts';
import { objectKey, ownerReference } from '../../kube/model/kind.ts';
import { type PersistentVolume, type PersistentVolumeClaim, type Pod, pods } from '../../kube/model/built-in-kinds.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { MOVER_PATIENCE_MILLISECONDS } from '../../engines/mover-trouble.ts';
import { newestWarning, warningsAbout } from '../../kube/warning-events.ts';
import { ageMilliseconds, type ControllerContext } from '../context.ts';
import { moverUserOf } from '../mover-user.ts';
import { PODS_BY_CLAIM } from '../../kube/model/placement.ts';
import { keepFiles } from '../let-go.ts';
import { primeRefOf } from './prime-ref.ts';
import { outcomeOf } from './look-outcome.ts';
import { buildLookPod, type Placement } from './look-pod.ts';
import { ENGINE_LOOK_MILLISECONDS, hold, type PrimedScene, type Stop, type Tools } from './scene.ts';

const COPY_LAG_MILLISECONDS = 200;
/** After a look that found files, or nothing out, the next one: somebody may have mended it. */
const LOOK_AGAIN_MILLISECONDS = 120_000;

/**
 * Looks whether the prime claim's volume is empty: a provisioner may hand out a folder that it has handed out before, and
 * who offers a volume may be mistaken. Undefined once it is certain; what cannot be seen is not taken for empty.
 *
 * @param volume the prime claim's; absent where it gets one only when a pod uses it.
 */
export async function lookInto(
  tools: Tools,
  scene: PrimedScene,
  volume: PersistentVolume | undefined,
): Promise<Stop | undefined> {
  const { context } = tools;
  const { namespace, uid } = scene.prime.metadata;
  const pod = context.stores.pods.get(objectKey({ namespace, name: lookPodName(uid) }));
  if (pod === undefined) return await begin(tools, scene, volume);
  if (pod.metadata.deletionTimestamp !== undefined) return { result: requeueAfter(ENGINE_LOOK_MILLISECONDS) };
  const outcome = outcomeOf(pod);
  switch (outcome.kind) {
    case 'pending':
      return await awaitLook(tools, scene, pod, outcome.why);
    case 'failed': {
      await lookAgainLater(context, scene, pod);
      const advice = moverAdvice(outcome.why)?.replace(/\.$/, '');
      const said = advice === undefined ? outcome.why : `${outcome.why}. ${advice}`;
      const why = `whether its new volume is empty could not be seen, and what may hold files is not written to: ${said}`;
      return await hold(tools, scene, 'VolumeUnseen', why);
    }
    case 'seen':
      if (isEmpty(outcome.report)) return undefined;
      await lookAgainLater(context, scene, pod);
      return await refuseFull(tools, scene, volume, outcome.report);
  }
}

async function begin(tools: Tools, scene: PrimedScene, volume: PersistentVolume | undefined): Promise<Stop> {
  const { context } = tools;
  const { restore, claim, prime } = scene;
  const { ownImage: image } = context;
  if (image === undefined) {
    const why =
      'whether its new volume is empty can be seen from a pod only, and the controller knows of no image for one: it does not run in a pod of its Deployment';
    return await hold(tools, scene, 'VolumeUnseen', why);
  }
  // Where the volume is there, it says itself which nodes can use it.
  const placement = volume === undefined ? await placementOfConsumer(context, claim) : {};
  const choice = userOf(context, scene);
  if (!choice.ok) return await hold(tools, scene, 'MalformedMoverUser', choice.message);
  try {
    await context.client.create(pods, buildLookPod({ restore, prime, moverUser: choice.user, image, placement }));
  } catch (error) {
    // The local copy lags: the pod's arrival there brings the restore back here.
    if (!isAlreadyExists(error)) throw error;
    return { result: requeueAfter(COPY_LAG_MILLISECONDS) };
  }
  return { result: requeueAfter(ENGINE_LOOK_MILLISECONDS) };
}

/** The look is the first to use the volume, and decides where it will be: where the pod can run that waits for the claim. */
async function placementOfConsumer(
  { client, stores }: ControllerContext,
  { metadata }: PersistentVolumeClaim,
): Promise<Placement> {
  const { namespace } = metadata;
  const waiting = stores.pods
    .byIndex(PODS_BY_CLAIM, objectKey(metadata))
    .find(({ status }) => status?.phase === 'Pending');
  if (waiting === undefined) return {};
  const fieldSelector = `metadata.name=${waiting.metadata.name}`;
  const found = await client.list(pods, { namespace, fieldSelector });
  const consumer = found.find((one) => one.metadata.uid === waiting.metadata.uid);
  const { nodeSelector, affinity, tolerations } = consumer?.spec ?? {};
  return {
    ...(nodeSelector === undefined ? {} : { nodeSelector }),
    ...(affinity === undefined ? {} : { affinity }),
    ...(tolerations === undefined ? {} : { tolerations }),
  };
}

async function awaitLook(tools: Tools, scene: PrimedScene, pod: Pod, known: string | undefined): Promise<Stop> {
  const { context } = tools;
  const leftMilliseconds = MOVER_PATIENCE_MILLISECONDS - ageMilliseconds(context, pod.metadata);
  if (leftMilliseconds > 0) return { result: requeueAfter(Math.min(ENGINE_LOOK_MILLISECONDS, leftMilliseconds)) };
  const why = known ?? (await warningAbout(context, pod)) ?? 'it has not ended yet';
  return await hold(
    tools,
    scene,
    'WaitingForLook',
    `pod ${pod.metadata.name}, which looks whether its new volume is empty, does not get on: ${why}`,
  );
}

async function warningAbout(context: ControllerContext, { metadata }: Pod): Promise<string | undefined> {
  try {
    return newestWarning(await warningsAbout(context.client, metadata.namespace, metadata.name));
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    // What keeps the pod is known to others only; that it does not get on is told all the same.
    context.log.warn({ err: error, pod: objectKey(metadata) }, 'the events about a pod cannot be read');
    return undefined;
  }
}

async function lookAgainLater(context: ControllerContext, scene: PrimedScene, pod: Pod): Promise<void> {
  const { metadata } = pod;
  const isDue =
    ageMilliseconds(context, metadata) >= LOOK_AGAIN_MILLISECONDS || isAsAnotherUser(pod, userOf(context, scene));
  if (isDue) await context.client.delete(pods, metadata, { preconditions: { uid: metadata.uid } });
}

/** Whom a look runs as: what was recorded when the snapshot was chosen may be what keeps it from seeing anything. */
const userOf = ({ stores }: ControllerContext, { claim, restore }: PrimedScene): MoverUserChoice =>
  moverUserOf(stores, claim, restore.status?.moverUser);

const isAsAnotherUser = ({ spec }: Pod, choice: MoverUserChoice): boolean =>
  choice.ok &&
  (choice.user.runAsUser !== spec.securityContext?.runAsUser ||
    choice.user.runAsGroup !== spec.securityContext?.runAsGroup);

/** Somebody's files: nothing may happen to them when the prime claim goes. */
export async function refuseFull(
  tools: Tools,
  scene: PrimedScene,
  volume: PersistentVolume | undefined,
  report: LookReport,
): Promise<Stop> {
  if (volume === undefined) return { result: requeueAfter(COPY_LAG_MILLISECONDS) };
  await keepFiles(tools.context.client, volume);
  const { name } = volume.metadata;
  const why =
    `volume ${name}, which it would get, is not empty: it holds ${inWords(report)}. Nothing was written into it and nothing removed, ` +
    'and its reclaim policy is Retain now. As a rule its storage class gives one folder to several claims: ' +
    'recreate the claim with a class that makes a new one for each. If these files are of no use, remove them. ' +
    'With annotation rebound.dev/restore: none the recreated claim begins without the backup, and has these files only if the class ' +
    'gives it the same folder again: copy them elsewhere first if they count';
  return await hold(tools, scene, 'VolumeNotEmpty', why);
}

/** Removes the pods that have looked into the volumes of a restore's prime claims: a claim stays while a pod uses it. */
export async function removeLooks({ client, stores }: ControllerContext, restore: VolumeRestore): Promise<void> {
  const { uid } = ownerReference(restore);
  const users = stores.pods.byIndex(PODS_BY_CLAIM, objectKey(primeRefOf(restore)));
  for (const { metadata } of users) {
    const isOurs = metadata.labels?.[ROLE_LABEL] === LOOK_ROLE && metadata.ownerReferences?.[0]?.uid === uid;
    if (isOurs) await client.delete(pods, metadata, { preconditions: { uid: metadata.uid } });
  }
}
