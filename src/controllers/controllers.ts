import { EXCLUDED_NAMESPACES } from '../domain/excluded-namespaces.ts';
import type { PersistentVolumeClaim } from '../kube/model/built-in-kinds.ts';
import { Controller } from '../runtime/controller.ts';
import { keysOf, onceAndAgain, ownKey, reflectorSource } from '../runtime/source.ts';
import { AdmissionGuard } from './admission-guard/admission-guard.ts';
import { BackupDestinationReconciler } from './backup-destination/reconciler.ts';
import { BackupPolicyReconciler } from './backup-policy/reconciler.ts';
import { ClusterPresenceReconciler } from './cluster-presence/reconciler.ts';
import { destinationSource } from './destination-source.ts';
import type { ControllerParts } from './controller-parts.ts';
import { untilNamespaceEnds } from './ending-namespace.ts';
import { leftMoverController } from './left-mover/controller.ts';
import { DestinationMoversReconciler } from './mover-queue/destination-movers.ts';
import { protectedVolumeController } from './protected-volume/controller.ts';
import { registerGuardMetric } from './protection-metrics.ts';
import { RestoreForesightReconciler } from './restore-foresight/reconciler.ts';
import { retentionController } from './retention/controller.ts';
import { endingPrimeController, takenVolumeController } from './taken-volume/controller.ts';
import { tierSource } from './tier-source.ts';
import { UnlabelledClaimReconciler } from './unlabelled-claim/reconciler.ts';
import { volumeRestoreController } from './volume-restore/controller.ts';

/** One controller per kind that Rebound looks after; each starts work once all it looks at is known. */
export function createControllers(parts: ControllerParts): readonly Controller[] {
  const guard = new AdmissionGuard(parts.context);
  return [
    admissionGuard(parts, guard),
    destinations(parts, guard),
    destinationMovers(parts),
    clusterPresence(parts),
    policies(parts),
    protectedVolumeController(parts),
    restoreForesights(parts),
    retentionController(parts),
    volumeRestoreController(parts),
    unlabelledClaims(parts),
    takenVolumeController(parts),
    endingPrimeController(parts),
    leftMoverController(parts),
  ];
}

function admissionGuard({ context, reflectors, metrics }: ControllerParts, guard: AdmissionGuard): Controller {
  registerGuardMetric(metrics.registry, guard);
  return new Controller({
    name: 'admission-guard',
    sources: [onceAndAgain, reflectorSource(reflectors.destinations, () => [])],
    reconcile: guard.reconcile,
    concurrency: 1,
    logger: context.log,
    observer: metrics.controllerObserver('admission-guard'),
  });
}

/** What names all destinations, whatever has changed. */
const everyDestination =
  ({ stores }: ControllerParts['context']): (() => readonly string[]) =>
  () =>
    stores.destinations.list().map(({ metadata }) => metadata.name);

function destinations({ context, reflectors, metrics }: ControllerParts, guard: AdmissionGuard): Controller {
  const reconciler = new BackupDestinationReconciler(context, guard);
  const every = everyDestination(context);
  const controller = new Controller({
    name: 'backup-destination',
    sources: [destinationSource(reflectors, ownKey), reflectorSource(reflectors.systemSecrets, every)],
    reconcile: reconciler.reconcile,
    logger: context.log,
    observer: metrics.controllerObserver('backup-destination'),
  });
  guard.onChange = () => {
    for (const name of every()) controller.enqueue(name);
  };
  return controller;
}

function destinationMovers({ context, reflectors, metrics, movers }: ControllerParts): Controller {
  const reconciler = new DestinationMoversReconciler(context, movers);
  const every = everyDestination(context);
  return new Controller({
    name: 'destination-movers',
    sources: [
      destinationSource(reflectors, ownKey),
      reflectorSource(reflectors.moverJobs, every),
      reflectorSource(reflectors.snapshots, every),
      reflectorSource(reflectors.settings, every),
    ],
    reconcile: reconciler.reconcile,
    concurrency: 1,
    logger: context.log,
    observer: metrics.controllerObserver('destination-movers'),
  });
}

function clusterPresence({ context, reflectors, metrics, presence, leader }: ControllerParts): Controller {
  const reconciler = new ClusterPresenceReconciler(context, presence, leader);
  const every = everyDestination(context);
  return new Controller({
    name: 'cluster-presence',
    sources: [destinationSource(reflectors, ownKey), reflectorSource(reflectors.systemSecrets, every)],
    reconcile: reconciler.reconcile,
    logger: context.log,
    observer: metrics.controllerObserver('cluster-presence'),
  });
}

function policies({ context, reflectors, metrics }: ControllerParts): Controller {
  const reconciler = new BackupPolicyReconciler(context);
  const tiers = keysOf((claim: PersistentVolumeClaim) => Object.values(claim.metadata.labels ?? {}));
  const every = () => context.stores.policies.list().map((one) => one.metadata.name);
  return new Controller({
    name: 'backup-policy',
    sources: [
      reflectorSource(reflectors.policies, ownKey),
      destinationSource(reflectors, every),
      reflectorSource(reflectors.claims, tiers),
    ],
    reconcile: reconciler.reconcile,
    concurrency: 1,
    logger: context.log,
    observer: metrics.controllerObserver('backup-policy'),
  });
}

function restoreForesights(parts: ControllerParts): Controller {
  const { context, reflectors, cache, restoreEngines, metrics } = parts;
  const reconciler = new RestoreForesightReconciler(context, cache, restoreEngines);
  return new Controller({
    name: 'restore-foresight',
    sources: [
      reflectorSource(reflectors.protectedVolumes, ownKey),
      reflectorSource(reflectors.claims, () => []),
      reflectorSource(reflectors.pods, () => []),
      // What would restore them may be another engine.
      tierSource(parts),
      reflectorSource(reflectors.storageClasses, () => []),
      reflectorSource(reflectors.destinations, () => []),
      reflectorSource(reflectors.systemSecrets, () => []),
    ],
    reconcile: untilNamespaceEnds(context.log, reconciler.reconcile),
    // Each look may take some megabytes of memory, and none is urgent.
    concurrency: 1,
    logger: context.log,
    observer: metrics.controllerObserver('restore-foresight'),
  });
}

function unlabelledClaims({ context, reflectors, metrics }: ControllerParts): Controller {
  const { unlabelledClaims: claims } = reflectors;
  const reconciler = new UnlabelledClaimReconciler(context, claims.store, EXCLUDED_NAMESPACES);
  return new Controller({
    name: 'unlabelled-claim',
    sources: [reflectorSource(claims, ownKey), reflectorSource(reflectors.destinations, () => [])],
    reconcile: reconciler.reconcile,
    concurrency: 2,
    logger: context.log,
    observer: metrics.controllerObserver('unlabelled-claim'),
  });
}
