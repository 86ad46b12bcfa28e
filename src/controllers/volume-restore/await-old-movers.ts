import { GRACE_MILLISECONDS } from '../../domain/telling.ts';
import { objectKey } from '../../kube/model/kind.ts';
import { persistentVolumeClaims, type Pod } from '../../kube/model/built-in-kinds.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { hasEnded } from '../../kube/model/pod-life.ts';
import { JOB_LABEL } from '../../kube/model/pods-by-job.ts';
import { PODS_BY_CLAIM } from '../../kube/model/placement.ts';
import { primeRefOf } from './prime-ref.ts';
import { engineOf, type Scene, showWait, type Stop, type Tools } from './scene.ts';

/** Nothing leads from a mover without its engine's object back to its restore. */
const LOOK_MILLISECONDS = 1_000;

/**
 * Before another prime claim is made: ends the attempt that wrote into the last one, and waits for its mover. Undefined
 * once there is none.
 */
export async function endLastAttempt(tools: Tools, scene: Scene): Promise<Stop | undefined> {
  const { restore } = scene;
  const { attempts = 0, primeClaimUID } = restore.status ?? {};
  if (primeClaimUID === undefined) return undefined;
  const ref = primeRefOf(restore);
  // It may be there, and the local copy lag.
  if ((await tools.context.client.get(persistentVolumeClaims, ref)) !== undefined) {
    return { result: requeueAfter(LOOK_MILLISECONDS) };
  }
  await engineOf(tools, restore).discard({ restore, attempt: attempts });
  return await awaitOldMovers(tools, scene, attempts + 1);
}

/**
 * Waits until the movers of other attempts have ended: one that was given up may still write, and it knows its claim by a
 * name that the next prime claim has too. Undefined once there is none.
 *
 * @param attempt the one whose mover may be there.
 */
export async function awaitOldMovers(tools: Tools, scene: Scene, attempt: number): Promise<Stop | undefined> {
  const { restore } = scene;
  const users = tools.context.stores.pods.byIndex(PODS_BY_CLAIM, objectKey(primeRefOf(restore)));
  const old = users.find((pod) => isMoverAtWork(pod) && !engineOf(tools, restore).isMoverOf(pod, { restore, attempt }));
  if (old === undefined) return undefined;
  const waitedMilliseconds = overdueMilliseconds(old, tools.context.now());
  if (waitedMilliseconds < GRACE_MILLISECONDS) return { result: requeueAfter(LOOK_MILLISECONDS) };
  return await showWait(tools, scene, {
    reason: 'WaitingForOldMover',
    message: `The mover of an attempt that was given up has not ended: pod ${old.metadata.name} may still write.`,
    advice: 'Its node may not answer: once that node is certainly off, delete the pod with --force.',
    waitedMilliseconds,
  });
}

const isMoverAtWork = (pod: Pod): boolean => pod.metadata.labels?.[JOB_LABEL] !== undefined && !hasEnded(pod);

/** Since when it should have ended. */
const overdueMilliseconds = ({ metadata: { deletionTimestamp } }: Pod, now: number): number =>
  deletionTimestamp === undefined ? 0 : Math.max(0, now - Date.parse(deletionTimestamp));
