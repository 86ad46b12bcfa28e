import { controllerKeysOf } from '../../kube/cache/store.ts';
import type { Pod } from '../../kube/model/built-in-kinds.ts';
import type { KubeObject } from '../../kube/model/kind.ts';
import { jobKeysOf } from '../../kube/model/pods-by-job.ts';
import { Controller } from '../../runtime/controller.ts';
import { keysOf, ownKey, reflectorSource } from '../../runtime/source.ts';
import { claimKeyOfRestore } from '../claim-keys.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { claimOfMaintenance, claimOfRun } from '../claim-of-mover.ts';
import { untilNamespaceEnds } from '../ending-namespace.ts';
import { tierSource } from '../tier-source.ts';
import { turnSources } from '../turn-sources.ts';
import { RetentionReconciler } from './reconciler.ts';

/** Looks at a claim's repository when anything changes by which old snapshots may be removed, or may not. */
export function retentionController(parts: ControllerParts): Controller {
  const { context, reflectors, cache, maintenance, metrics } = parts;
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
      reflectorSource(reflectors.volumeRestores, keysOf(claimKeyOfRestore)),
      reflectorSource(reflectors.replicationSources, keysOf(controllerKeysOf('ProtectedVolume'))),
      reflectorSource(reflectors.moverJobs, keysOf(claimOfJob)),
      reflectorSource(reflectors.copyClaims, keysOf(claimOfRun)),
      reflectorSource(reflectors.snapshots, keysOf(claimOfRun)),
      reflectorSource(reflectors.pods, keysOf(claimOfPod)),
      tierSource(parts),
      reflectorSource(reflectors.destinations, () => []),
      reflectorSource(reflectors.systemSecrets, () => []),
      ...turnSources(parts, 'maintenance'),
    ],
    reconcile: untilNamespaceEnds(context.log, reconciler.reconcile),
    // None is urgent.
    concurrency: 2,
    logger: context.log,
    observer: metrics.controllerObserver('retention'),
  });
}
