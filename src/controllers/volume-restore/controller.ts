import { CLAIM_UID_LABEL } from '../../api/labels.ts';
import { isVolumeRestoreReference } from '../../domain/admission.ts';
import { attemptKeyOfMover } from '../../engines/volsync/restore.ts';
import { controllerKeysOf } from '../../kube/cache/store.ts';
import type { PersistentVolumeClaim, Pod } from '../../kube/model/built-in-kinds.ts';
import { type KubeObject, objectKey } from '../../kube/model/kind.ts';
import { Controller } from '../../runtime/controller.ts';
import { keysOf, ownKey, reflectorSource } from '../../runtime/source.ts';
import { claimKeysOfPod } from '../claim-keys.ts';
import type { ControllerContext } from '../context.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { claimsOfSecret } from '../credential-users.ts';
import { untilNamespaceEnds } from '../ending-namespace.ts';
import { RESTORES_BY_CLAIM_UID } from '../stores.ts';
import { turnSources } from '../turn-sources.ts';
import { VolumeRestoreReconciler } from './reconciler.ts';

/** Fills the claims that wait for a restore. */
export function volumeRestoreController(parts: ControllerParts): Controller {
  const { context, reflectors, cache, restoreEngines, metrics } = parts;
  const reconciler = new VolumeRestoreReconciler(context, cache, restoreEngines);
  const byOwner = controllerKeysOf('VolumeRestore');
  /** What a restore made in the movers' namespace, or beside the claim, names the claim. */
  const restoresOfClaimUid = ({ metadata: { labels } }: KubeObject): string[] =>
    context.stores.volumeRestores
      .byIndex(RESTORES_BY_CLAIM_UID, labels?.[CLAIM_UID_LABEL] ?? '')
      .map((restore) => objectKey(restore.metadata));
  const restoreOfClaim = (claim: PersistentVolumeClaim): string[] =>
    claim.spec.dataSourceRef === undefined
      ? []
      : [objectKey({ namespace: claim.metadata.namespace, name: claim.spec.dataSourceRef.name })];
  return new Controller({
    name: 'volume-restore',
    sources: [
      reflectorSource(reflectors.volumeRestores, ownKey),
      reflectorSource(reflectors.claims, keysOf(restoreOfClaim)),
      reflectorSource(reflectors.primes, keysOf(restoresOfClaimUid)),
      reflectorSource(reflectors.moverJobs, keysOf(restoresOfClaimUid)),
      reflectorSource(reflectors.replicationDestinations, keysOf(byOwner)),
      reflectorSource(
        reflectors.pods,
        keysOf((pod: Pod) => [
          ...byOwner(pod),
          ...restoreOfMover(context, pod),
          ...restoresOfClaimUid(pod),
          ...restoresOfConsumer(context, pod),
        ]),
      ),
      reflectorSource(reflectors.systemSecrets, ({ key }) =>
        claimsOfSecret(context.stores, key).flatMap(restoreOfClaim),
      ),
      reflectorSource(reflectors.storageClasses, () => []),
      reflectorSource(reflectors.volumes, () => []),
      ...turnSources(parts, 'restore'),
    ],
    reconcile: untilNamespaceEnds(context.log, reconciler.reconcile),
    concurrency: 8,
    logger: context.log,
    observer: metrics.controllerObserver('volume-restore'),
  });
}

/** The restores of the claims that a pod waits for: some begin with it. */
const restoresOfConsumer = ({ stores }: ControllerContext, pod: Pod): string[] =>
  claimKeysOfPod(pod).flatMap((key) => {
    const { namespace } = pod.metadata;
    const reference = stores.claims.get(key)?.spec.dataSourceRef;
    return isVolumeRestoreReference(reference) ? [objectKey({ namespace, name: reference?.name ?? '' })] : [];
  });

/** The restore whose engine object made a mover's pod. */
function restoreOfMover(context: ControllerContext, pod: Pod): string[] {
  const key = attemptKeyOfMover(pod);
  const object: KubeObject | undefined =
    key === undefined ? undefined : context.stores.replicationDestinations.get(key);
  return object === undefined ? [] : [...controllerKeysOf('VolumeRestore')(object)];
}
