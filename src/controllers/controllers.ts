import type { VolumeRestore } from '../api/volume-restore.ts';
import { isVolumeRestoreReference } from '../domain/admission.ts';
import { EXCLUDED_NAMESPACES } from '../domain/excluded-namespaces.ts';
import type { RepositoryCache } from '../repositories/restic/repository-cache.ts';
import type { ReplicationSource } from '../engines/volsync/kinds.ts';
import { type KubeObject, objectKey } from '../kube/model/kind.ts';
import type { PersistentVolumeClaim, Pod } from '../kube/model/built-in-kinds.ts';
import { controllerKeysOf } from '../kube/cache/store.ts';
import { Controller } from '../runtime/controller.ts';
import type { Metrics } from '../runtime/metrics.ts';
import { keysOf, onceAndAgain, ownKey, reflectorSource, whenSpecChanges } from '../runtime/source.ts';
import { AdmissionGuard } from './admission-guard/admission-guard.ts';
import { BackupDestinationReconciler } from './backup-destination/reconciler.ts';
import { BackupPolicyReconciler } from './backup-policy/reconciler.ts';
import type { ClusterPresence } from './cluster-presence/presence.ts';
import { presenceSource } from './cluster-presence/presence-source.ts';
import { ClusterPresenceReconciler } from './cluster-presence/reconciler.ts';
import type { ControllerContext } from './context.ts';
import { claimOfRun } from './claim-of-mover.ts';
import { claimsOfDestinations, claimsOfSecret } from './credential-users.ts';
import { untilNamespaceEnds } from './ending-namespace.ts';
import { claimOfCopied } from './protected-volume/copied-schedules.ts';
import { ProtectedVolumeReconciler } from './protected-volume/reconciler.ts';
import { registerGuardMetric } from './protection-metrics.ts';
import type { Reflectors } from './reflectors.ts';
import { RestoreForesightReconciler } from './restore-foresight/reconciler.ts';
import { retentionController } from './retention/controller.ts';
import { LeftMoverReconciler } from './left-mover/reconciler.ts';
import { CLAIM_UID_LABEL, OWNER_UID_LABEL } from '../api/labels.ts';
import { JOB_LABEL } from '../kube/model/pods-by-job.ts';
import { BY_TIER, RESTORES_BY_CLAIM_UID } from './stores.ts';
import { EndingPrimeReconciler } from './taken-volume/prime-reconciler.ts';
import { isQuestionable, TakenVolumeReconciler } from './taken-volume/volume-reconciler.ts';
import { UnlabelledClaimReconciler } from './unlabelled-claim/reconciler.ts';
import { attemptKeyOfMover } from '../engines/volsync/restore.ts';
import type { BackupEngines, RestoreEngines } from '../engines/engine.ts';
import type { Maintenance } from '../engines/maintenance.ts';
import type { MoverLogWatch } from '../engines/volsync/mover-log-watch.ts';
import { VolumeRestoreReconciler } from './volume-restore/reconciler.ts';

export interface ControllerParts {
  readonly context: ControllerContext;
  readonly reflectors: Reflectors;
  readonly cache: RepositoryCache;
  readonly logs: MoverLogWatch;
  readonly restoreEngines: RestoreEngines;
  readonly backupEngines: BackupEngines;
  readonly maintenance: Maintenance;
  readonly metrics: Metrics;
  /** The context's own. */
  readonly presence: ClusterPresence;
  /** Made anew for each process that leads. */
  readonly leader: string;
}

const keyOf = ({ metadata }: PersistentVolumeClaim): string => objectKey(metadata);

const claimKeysOfPod = (pod: Pod): string[] =>
  (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
    persistentVolumeClaim === undefined
      ? []
      : [objectKey({ namespace: pod.metadata.namespace, name: persistentVolumeClaim.claimName })],
  );

const claimKeyOfRestore = (restore: VolumeRestore): string[] => [
  objectKey({ namespace: restore.metadata.namespace, name: restore.spec.claimName }),
];

/** One controller per kind that Rebound looks after; each starts work once all it looks at is known. */
export function createControllers(parts: ControllerParts): readonly Controller[] {
  const guard = new AdmissionGuard(parts.context);
  return [
    admissionGuard(parts, guard),
    destinations(parts, guard),
    clusterPresence(parts),
    policies(parts),
    protectedVolumes(parts),
    restoreForesights(parts),
    retentionController(parts),
    volumeRestores(parts),
    unlabelledClaims(parts),
    takenVolumes(parts),
    endingPrimes(parts),
    leftMovers(parts),
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

function destinations({ context, reflectors, metrics }: ControllerParts, guard: AdmissionGuard): Controller {
  const reconciler = new BackupDestinationReconciler(context, guard);
  const every = () => context.stores.destinations.list().map((one) => one.metadata.name);
  const controller = new Controller({
    name: 'backup-destination',
    sources: [reflectorSource(reflectors.destinations, ownKey), reflectorSource(reflectors.systemSecrets, every)],
    reconcile: reconciler.reconcile,
    logger: context.log,
    observer: metrics.controllerObserver('backup-destination'),
  });
  guard.onChange = () => {
    for (const name of every()) controller.enqueue(name);
  };
  return controller;
}

function clusterPresence({ context, reflectors, metrics, presence, leader }: ControllerParts): Controller {
  const reconciler = new ClusterPresenceReconciler(context, presence, leader);
  const every = () => context.stores.destinations.list().map((one) => one.metadata.name);
  return new Controller({
    name: 'cluster-presence',
    sources: [reflectorSource(reflectors.destinations, ownKey), reflectorSource(reflectors.systemSecrets, every)],
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
      reflectorSource(reflectors.destinations, every),
      reflectorSource(reflectors.claims, tiers),
    ],
    reconcile: reconciler.reconcile,
    concurrency: 1,
    logger: context.log,
    observer: metrics.controllerObserver('backup-policy'),
  });
}

function protectedVolumes(parts: ControllerParts): Controller {
  const { context, reflectors, cache, logs, backupEngines: engines, metrics, presence } = parts;
  const reconciler = new ProtectedVolumeReconciler({ context, cache, logs, engines }, EXCLUDED_NAMESPACES);
  const { stores } = context;
  const claimsOfTier = (tier: string) => stores.claims.byIndex(BY_TIER, tier).map(keyOf);
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
      reflectorSource(
        reflectors.policies,
        whenSpecChanges(({ key }) => claimsOfTier(key)),
      ),
      reflectorSource(reflectors.destinations, ({ key }) => claimsOfDestinations(stores, [key]).map(keyOf)),
      reflectorSource(reflectors.systemSecrets, ({ key }) => claimsOfSecret(stores, key).map(keyOf)),
      presenceSource(presence, (destination) => claimsOfDestinations(stores, [destination]).map(keyOf)),
      reflectorSource(reflectors.storageClasses, () => []),
    ],
    reconcile: untilNamespaceEnds(context.log, reconciler.reconcile),
    concurrency: 8,
    logger: context.log,
    observer: metrics.controllerObserver('protected-volume'),
  });
}

function restoreForesights({ context, reflectors, cache, metrics }: ControllerParts): Controller {
  const reconciler = new RestoreForesightReconciler(context, cache);
  return new Controller({
    name: 'restore-foresight',
    sources: [
      reflectorSource(reflectors.protectedVolumes, ownKey),
      reflectorSource(reflectors.claims, () => []),
      reflectorSource(reflectors.pods, () => []),
      reflectorSource(reflectors.policies, () => []),
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

function takenVolumes({ context, reflectors, metrics }: ControllerParts): Controller {
  const reconciler = new TakenVolumeReconciler(context);
  return new Controller({
    name: 'taken-volume',
    sources: [
      reflectorSource(reflectors.volumes, ({ key, current }) =>
        current !== undefined && isQuestionable(current) ? [key] : [],
      ),
      // What is owed to its volume changes when a prime claim goes.
      reflectorSource(reflectors.primes, ({ previous, current }) =>
        current === undefined && previous?.spec.volumeName !== undefined ? [previous.spec.volumeName] : [],
      ),
      reflectorSource(reflectors.copyClaims, ({ previous, current }) =>
        current === undefined && previous?.spec.volumeName !== undefined ? [previous.spec.volumeName] : [],
      ),
    ],
    reconcile: reconciler.reconcile,
    concurrency: 2,
    logger: context.log,
    observer: metrics.controllerObserver('taken-volume'),
  });
}

function endingPrimes({ context, reflectors, metrics }: ControllerParts): Controller {
  const reconciler = new EndingPrimeReconciler(context);
  return new Controller({
    name: 'ending-prime',
    sources: [reflectorSource(reflectors.primes, ownKey), reflectorSource(reflectors.volumes, () => [])],
    reconcile: reconciler.reconcile,
    concurrency: 2,
    logger: context.log,
    observer: metrics.controllerObserver('ending-prime'),
  });
}

function leftMovers({ context, reflectors, backupEngines, metrics }: ControllerParts): Controller {
  const reconciler = new LeftMoverReconciler(context, backupEngines);
  const { moverJobs, primes, copyClaims, snapshots, snapshotContents } = context.stores;
  /** When a restore or a claim's protection goes, what it has among the movers is looked at. */
  const ofOwner = ({ metadata: { uid } }: KubeObject): string[] =>
    [...moverJobs.list(), ...primes.list(), ...copyClaims.list(), ...snapshots.list()]
      .filter(({ metadata }) => metadata.labels?.[OWNER_UID_LABEL] === uid)
      .map(({ metadata }) => objectKey(metadata));
  const contentsOf = (snapshot: KubeObject | undefined): string[] =>
    snapshotContents
      .list()
      .filter(({ spec }) => spec.volumeSnapshotRef.name === snapshot?.metadata.name)
      .map(({ metadata }) => metadata.name);
  return new Controller({
    name: 'left-mover',
    sources: [
      reflectorSource(reflectors.moverJobs, ownKey),
      reflectorSource(reflectors.primes, ownKey),
      reflectorSource(reflectors.volumeRestores, ({ previous, current }) =>
        current === undefined && previous !== undefined ? ofOwner(previous) : [],
      ),
      reflectorSource(reflectors.copyClaims, ownKey),
      reflectorSource(reflectors.snapshots, ownKey),
      reflectorSource(reflectors.protectedVolumes, ({ previous, current }) =>
        current === undefined && previous !== undefined ? ofOwner(previous) : [],
      ),
      reflectorSource(reflectors.snapshotContents, ownKey),
      reflectorSource(reflectors.snapshots, ({ current, previous }) =>
        current === undefined ? contentsOf(previous) : [],
      ),
    ],
    reconcile: reconciler.reconcile,
    concurrency: 2,
    logger: context.log,
    observer: metrics.controllerObserver('left-mover'),
  });
}

function volumeRestores({ context, reflectors, cache, restoreEngines, metrics }: ControllerParts): Controller {
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
    ],
    reconcile: untilNamespaceEnds(context.log, reconciler.reconcile),
    concurrency: 8,
    logger: context.log,
    observer: metrics.controllerObserver('volume-restore'),
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
