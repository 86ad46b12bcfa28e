import { API_GROUP, MOVERS_NAMESPACE, SYSTEM_NAMESPACE } from '../api/group.ts';
import {
  BACKUP_ROLE,
  CLAIM_NAMESPACE_LABEL,
  CLAIM_UID_LABEL,
  COPY_ROLE,
  EXEMPT_REASON_ANNOTATION,
  LOOK_ROLE,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  PRIME_ROLE,
  ROLE_LABEL,
  TIER_LABEL,
} from '../api/labels.ts';
import { isVolumeRestoreReference } from '../domain/admission.ts';
import { CREATED_BY_LABEL } from '../domain/helper-claims.ts';
import { isBackupRunName, isCopyClaimName } from '../domain/object-names.ts';
import { OTHERS_LABELS } from '../domain/unrestored-claims.ts';
import { RUNS_BY_CLAIM_UID } from '../engines/mover/backup-context.ts';
import { isMoverPod, MOVER_PODS } from '../engines/mover/working-movers.ts';
import { replicationDestinations, replicationSources } from '../engines/volsync/kinds.ts';
import type { Selection } from '../kube/client/client.ts';
import { type KubeObject, objectKey, type ResourceKind } from '../kube/model/kind.ts';
import {
  jobs,
  persistentVolumeClaims,
  type PersistentVolumeClaim,
  persistentVolumes,
  pods,
  type Pod,
  secrets,
  storageClasses,
} from '../kube/model/built-in-kinds.ts';
import {
  backupDestinations,
  backupPolicies,
  protectedVolumes,
  reboundSettingsKind,
  volumeRestores,
} from '../api/resource-kinds.ts';
import {
  volumeSnapshotClasses,
  type VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../kube/model/volume-snapshot-kinds.ts';
import type { Indexers } from '../kube/cache/store.ts';
import { slimVolume, volumeIndexers } from './volume-copy.ts';
import { jobKeysOf, JOB_LABEL, PODS_BY_JOB } from '../kube/model/pods-by-job.ts';
import { PODS_BY_CLAIM, SELECTED_NODE_ANNOTATION } from '../kube/model/placement.ts';
import { BY_TIER, CLAIMS_BY_RESTORE, RESTORES_BY_CLAIM_UID } from './stores.ts';

/** Which objects the controller keeps a local copy of, what of each, and how they are found. */
export interface Copy<T extends KubeObject> extends Selection {
  readonly kind: ResourceKind<T>;
  readonly select?: (object: T) => T;
  /** The engine's kinds may be missing: all that needs none of them goes on. */
  readonly mayBeMissing?: boolean;
  readonly indexers?: Indexers<T>;
}

/** The labels of claims that decisions look at. */
const READ_LABELS: ReadonlySet<string> = new Set([TIER_LABEL, ROLE_LABEL, CREATED_BY_LABEL, ...OTHERS_LABELS]);

/** Only what the controller reads is kept, so that ten thousand claims fit in little memory. */
function slimClaim(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const { labels, annotations, finalizers, ...metadata } = claim.metadata;
  const kept = Object.entries(annotations ?? {}).filter(
    ([key]) => key.startsWith(`${API_GROUP}/`) || key === SELECTED_NODE_ANNOTATION,
  );
  const keptLabels = Object.entries(labels ?? {}).filter(([key]) => READ_LABELS.has(key));
  return {
    ...claim,
    metadata: {
      ...metadata,
      ...(keptLabels.length === 0 ? {} : { labels: Object.fromEntries(keptLabels) }),
      ...(kept.length === 0 ? {} : { annotations: Object.fromEntries(kept) }),
    },
  };
}

/** What tells that a claim waits for a restore of Rebound's. */
function waitingOf({ spec, status }: PersistentVolumeClaim): Pick<PersistentVolumeClaim, 'spec' | 'status'> {
  const { dataSourceRef, selector } = spec;
  if (!isVolumeRestoreReference(dataSourceRef)) return { spec: {} };
  return {
    spec: { dataSourceRef, ...(selector === undefined ? {} : { selector }) },
    ...(status?.phase === undefined ? {} : { status: { phase: status.phase } }),
  };
}

/** Of a claim without the label, only what tells whether it should have it: there may be ten thousand of them too. */
function slimUnlabelledClaim(claim: PersistentVolumeClaim): PersistentVolumeClaim {
  const { apiVersion, kind, metadata } = claim;
  const { name, namespace, uid, resourceVersion, creationTimestamp, deletionTimestamp, ownerReferences } = metadata;
  const labels = Object.entries(metadata.labels ?? {}).filter(
    ([key]) => key === MANAGED_BY_LABEL || key === CREATED_BY_LABEL,
  );
  const reason = metadata.annotations?.[EXEMPT_REASON_ANNOTATION];
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      creationTimestamp,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
      ...(labels.length === 0 ? {} : { labels: Object.fromEntries(labels) }),
      ...(reason === undefined ? {} : { annotations: { [EXEMPT_REASON_ANNOTATION]: reason } }),
    },
    ...waitingOf(claim),
  };
}

/** The labels of pods that decisions look at. */
const POD_LABELS: ReadonlySet<string> = new Set([
  JOB_LABEL,
  CREATED_BY_LABEL,
  ROLE_LABEL,
  CLAIM_UID_LABEL,
  CLAIM_NAMESPACE_LABEL,
]);

/** Of a pod that mounts no claim nobody asks for the containers. */
function slimPodSpec({
  nodeName,
  securityContext,
  volumes: all,
  containers,
  initContainers,
}: Pod['spec']): Pod['spec'] {
  const volumes = all?.filter((volume) => volume.persistentVolumeClaim !== undefined) ?? [];
  if (volumes.length === 0) return { securityContext, volumes, containers: [] };
  return {
    ...(nodeName === undefined ? {} : { nodeName }),
    securityContext,
    volumes,
    containers,
    ...(initContainers === undefined ? {} : { initContainers }),
  };
}

function slimPod(pod: Pod): Pod {
  const { name, namespace, uid, resourceVersion, creationTimestamp, labels } = pod.metadata;
  const kept = Object.entries(labels ?? {}).filter(([key]) => POD_LABELS.has(key));
  const isMover = labels?.[JOB_LABEL] !== undefined && labels[CREATED_BY_LABEL] === 'volsync';
  const isOfRestore = isMover || namespace === MOVERS_NAMESPACE || labels?.[ROLE_LABEL] === LOOK_ROLE;
  return {
    apiVersion: pod.apiVersion,
    kind: pod.kind,
    metadata: {
      name,
      namespace,
      uid,
      resourceVersion,
      creationTimestamp,
      labels: Object.fromEntries(kept),
      ...(isOfRestore ? lifeOf(pod) : {}),
    },
    spec: slimPodSpec(pod.spec),
    // All of a mover's, and of a look's: it says why it does not start, and how it ended.
    status: isOfRestore ? pod.status : { phase: pod.status?.phase },
  };
}

/** Whose a pod is, and whether it ends. */
function lifeOf({ metadata: { ownerReferences, deletionTimestamp } }: Pod) {
  return {
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
    ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
  };
}

const moverPodOf = (pod: Pod): readonly string[] => (isMoverPod(pod) ? [MOVER_PODS] : []);

const claimsOf = (pod: Pod): string[] =>
  (pod.spec.volumes ?? []).flatMap((volume) =>
    volume.persistentVolumeClaim === undefined
      ? []
      : [objectKey({ namespace: pod.metadata.namespace, name: volume.persistentVolumeClaim.claimName })],
  );

const restoreOf = (claim: PersistentVolumeClaim): string[] => {
  const reference = claim.spec.dataSourceRef;
  if (reference === undefined || !isVolumeRestoreReference(reference)) return [];
  return [objectKey({ namespace: claim.metadata.namespace, name: reference.name })];
};

const tierOf = (claim: PersistentVolumeClaim): string[] => [claim.metadata.labels?.[TIER_LABEL] ?? ''];

const managed = `${MANAGED_BY_LABEL}=${MANAGED_BY}`;

/** What belongs to the backup runs of a claim. */
const ofRuns = {
  [RUNS_BY_CLAIM_UID]: ({ metadata: { labels = {} } }: KubeObject): string[] =>
    labels[ROLE_LABEL] === BACKUP_ROLE || labels[ROLE_LABEL] === COPY_ROLE ? [labels[CLAIM_UID_LABEL] ?? ''] : [],
};

/** Of contents only those of backup runs are looked at; of all others there may be thousands. */
function slimContent(content: VolumeSnapshotContent): VolumeSnapshotContent {
  const { apiVersion, kind, metadata, spec } = content;
  const snapshotName = spec.volumeSnapshotRef.name ?? '';
  if (isBackupRunName(snapshotName) || isCopyClaimName(snapshotName)) return content;
  const { name, uid, resourceVersion, creationTimestamp } = metadata;
  const slim = { driver: '', deletionPolicy: '', volumeSnapshotRef: {} };
  return { apiVersion, kind, metadata: { name, uid, resourceVersion, creationTimestamp }, spec: slim };
}

const copy = <T extends KubeObject>(one: Copy<T>): Copy<T> => one;

/** All local copies that the controller keeps. */
export const copies = {
  claims: copy({
    kind: persistentVolumeClaims,
    labelSelector: TIER_LABEL,
    select: slimClaim,
    indexers: { [CLAIMS_BY_RESTORE]: restoreOf, [BY_TIER]: tierOf },
  }),
  unlabelledClaims: copy({
    kind: persistentVolumeClaims,
    labelSelector: `!${TIER_LABEL}`,
    select: slimUnlabelledClaim,
  }),
  primes: copy({ kind: persistentVolumeClaims, labelSelector: `${managed},${ROLE_LABEL}=${PRIME_ROLE}` }),
  volumes: copy({ kind: persistentVolumes, select: slimVolume, indexers: volumeIndexers }),
  pods: copy({
    kind: pods,
    select: slimPod,
    indexers: { [PODS_BY_CLAIM]: claimsOf, [PODS_BY_JOB]: jobKeysOf, [MOVER_PODS]: moverPodOf },
  }),
  policies: copy({ kind: backupPolicies }),
  destinations: copy({ kind: backupDestinations }),
  protectedVolumes: copy({ kind: protectedVolumes }),
  volumeRestores: copy({
    kind: volumeRestores,
    indexers: { [RESTORES_BY_CLAIM_UID]: (restore) => [restore.spec.claimUID] },
  }),
  replicationSources: copy({ kind: replicationSources, labelSelector: managed, mayBeMissing: true }),
  replicationDestinations: copy({ kind: replicationDestinations, labelSelector: managed, mayBeMissing: true }),
  snapshots: copy({ kind: volumeSnapshots, labelSelector: managed, mayBeMissing: true, indexers: ofRuns }),
  snapshotContents: copy({ kind: volumeSnapshotContents, select: slimContent, mayBeMissing: true }),
  snapshotClasses: copy({ kind: volumeSnapshotClasses, mayBeMissing: true }),
  copyClaims: copy({
    kind: persistentVolumeClaims,
    namespace: MOVERS_NAMESPACE,
    labelSelector: `${managed},${ROLE_LABEL}=${COPY_ROLE}`,
    indexers: ofRuns,
  }),
  moverJobs: copy({ kind: jobs, namespace: MOVERS_NAMESPACE, labelSelector: managed, indexers: ofRuns }),
  settings: copy({ kind: reboundSettingsKind }),
  storageClasses: copy({ kind: storageClasses }),
  systemSecrets: copy({ kind: secrets, namespace: SYSTEM_NAMESPACE }),
};
