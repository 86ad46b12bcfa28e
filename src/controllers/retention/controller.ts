import type { Maintenance } from '../../engines/maintenance.ts';
import { controllerKeysOf } from '../../kube/cache/store.ts';
import type { Pod } from '../../kube/model/built-in-kinds.ts';
import { type KubeObject, objectKey } from '../../kube/model/kind.ts';
import { jobKeysOf } from '../../kube/model/pods-by-job.ts';
import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import { Controller } from '../../runtime/controller.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { keysOf, ownKey, reflectorSource, whenSpecChanges } from '../../runtime/source.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { claimOfMaintenance, claimOfRun } from '../claim-of-mover.ts';
import type { ControllerContext } from '../context.ts';
import { untilNamespaceEnds } from '../ending-namespace.ts';
import type { Reflectors } from '../reflectors.ts';
import { BY_TIER } from '../stores.ts';
import { RetentionReconciler } from './reconciler.ts';

interface RetentionParts {
  readonly context: ControllerContext;
  readonly reflectors: Reflectors;
  readonly cache: RepositoryCache;
  readonly maintenance: Maintenance;
  readonly metrics: Metrics;
}

const claimOfRestore = ({ metadata: { namespace }, spec }: VolumeRestore): string[] => [
  objectKey({ namespace, name: spec.claimName }),
];

/** Looks at a claim's repository when anything changes by which old snapshots may be removed, or may not. */
export function retentionController({ context, reflectors, cache, maintenance, metrics }: RetentionParts): Controller {
  const reconciler = new RetentionReconciler(context, cache, maintenance);
  const { stores } = context;
  const claimOfPod = (pod: Pod): string[] =>
    jobKeysOf(pod)
      .map((key) => stores.moverJobs.get(key))
      .flatMap((job) => (job === undefined ? [] : claimOfMaintenance(job)));
  const claimOfJob = (job: KubeObject): string[] => [...claimOfMaintenance(job), ...claimOfRun(job)];
  return new Controller({
    name: 'retention',
    sources: [
      reflectorSource(reflectors.protectedVolumes, ownKey),
      reflectorSource(reflectors.claims, ownKey),
      reflectorSource(reflectors.volumeRestores, keysOf(claimOfRestore)),
      reflectorSource(reflectors.replicationSources, keysOf(controllerKeysOf('ProtectedVolume'))),
      reflectorSource(reflectors.moverJobs, keysOf(claimOfJob)),
      reflectorSource(reflectors.copyClaims, keysOf(claimOfRun)),
      reflectorSource(reflectors.snapshots, keysOf(claimOfRun)),
      reflectorSource(reflectors.pods, keysOf(claimOfPod)),
      reflectorSource(
        reflectors.policies,
        whenSpecChanges(({ key }) => stores.claims.byIndex(BY_TIER, key).map(({ metadata }) => objectKey(metadata))),
      ),
      reflectorSource(reflectors.destinations, () => []),
      reflectorSource(reflectors.systemSecrets, () => []),
    ],
    reconcile: untilNamespaceEnds(context.log, reconciler.reconcile),
    // None is urgent.
    concurrency: 2,
    logger: context.log,
    observer: metrics.controllerObserver('retention'),
  });
}
