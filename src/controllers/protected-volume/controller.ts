import { EXCLUDED_NAMESPACES } from '../../domain/excluded-namespaces.ts';
import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { controllerKeysOf } from '../../kube/cache/store.ts';
import type { Pod } from '../../kube/model/built-in-kinds.ts';
import { type KubeObject, objectKey } from '../../kube/model/kind.ts';
import { JOB_LABEL } from '../../kube/model/pods-by-job.ts';
import { Controller } from '../../runtime/controller.ts';
import { keysOf, ownKey, reflectorSource } from '../../runtime/source.ts';
import { claimKeyOfRestore, claimKeysOfPod, keyOfClaim } from '../claim-keys.ts';
import { claimOfRun } from '../claim-of-mover.ts';
import { presenceSource } from '../presence-source.ts';
import { destinationSource } from '../destination-source.ts';
import type { ControllerContext } from '../context.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { claimsOfDestinations, claimsOfSecret } from '../credential-users.ts';
import { untilNamespaceEnds } from '../ending-namespace.ts';
import { tierSource } from '../tier-source.ts';
import { turnSources } from '../turn-sources.ts';
import { claimOfCopied } from './copied-schedules.ts';
import { ProtectedVolumeReconciler } from './reconciler.ts';

/** Keeps a protection for each labelled claim. */
export function protectedVolumeController(parts: ControllerParts): Controller {
  const { context, reflectors, cache, logs, backupEngines: engines, metrics, presence } = parts;
  const reconciler = new ProtectedVolumeReconciler({ context, cache, logs, engines }, EXCLUDED_NAMESPACES);
  const { stores } = context;
  const claimOfSource = controllerKeysOf('ProtectedVolume');
  return new Controller({
    name: 'protected-volume',
    sources: [
      reflectorSource(reflectors.claims, ownKey),
      reflectorSource(reflectors.protectedVolumes, ownKey),
      reflectorSource(reflectors.volumeRestores, keysOf(claimKeyOfRestore)),
      reflectorSource(
        reflectors.replicationSources,
        keysOf((source: ReplicationSource) => [...claimOfSource(source), ...claimOfCopied(source)]),
      ),
      reflectorSource(reflectors.pods, keysOf(claimKeysOfPod)),
      reflectorSource(
        reflectors.pods,
        keysOf((pod: Pod) => protectionOfMover(context, pod)),
      ),
      reflectorSource(reflectors.snapshots, keysOf(claimOfRun)),
      reflectorSource(reflectors.copyClaims, keysOf(claimOfRun)),
      reflectorSource(reflectors.moverJobs, keysOf(claimOfRun)),
      reflectorSource(reflectors.snapshotClasses, () => []),
      reflectorSource(reflectors.volumes, () => []),
      // Its status counts claims: each of them that comes would wake all the others.
      tierSource(parts),
      destinationSource(reflectors, ({ key }) => claimsOfDestinations(stores, [key]).map(keyOfClaim)),
      reflectorSource(reflectors.systemSecrets, ({ key }) => claimsOfSecret(stores, key).map(keyOfClaim)),
      presenceSource(presence, (destination) => claimsOfDestinations(stores, [destination]).map(keyOfClaim)),
      reflectorSource(reflectors.storageClasses, () => []),
      ...turnSources(parts, 'backup'),
    ],
    reconcile: untilNamespaceEnds(context.log, reconciler.reconcile),
    concurrency: 8,
    logger: context.log,
    observer: metrics.controllerObserver('protected-volume'),
  });
}

/** VolSync names a backup's Job after its object (internal/controller/mover/restic/mover.go, v0.14). */
const backupJobPrefix = 'volsync-src-';

/** The claim whose backup a mover's pod runs. */
function protectionOfMover({ stores }: ControllerContext, pod: Pod): string[] {
  const { namespace, labels } = pod.metadata;
  const job = labels?.[JOB_LABEL] ?? '';
  const own = stores.moverJobs.get(objectKey({ namespace, name: job }));
  if (own !== undefined) return claimOfRun(own);
  if (!job.startsWith(backupJobPrefix)) return [];
  const key = objectKey({ namespace, name: job.slice(backupJobPrefix.length) });
  const object: KubeObject | undefined = stores.replicationSources.get(key);
  return object === undefined ? [] : [...controllerKeysOf('ProtectedVolume')(object)];
}
