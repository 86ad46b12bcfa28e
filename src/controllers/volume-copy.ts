import {
  BOUND_BY_CONTROLLER_ANNOTATION,
  MAY_FILL_ANNOTATION,
  PROVISIONED_BY_ANNOTATION,
} from '../domain/fillable-volume.ts';
import { FORMER_POLICY_ANNOTATION } from '../domain/letting-go.ts';
import { isCopyClaimName, isPrimeClaimName } from '../domain/object-names.ts';
import type { PersistentVolume } from '../kube/model/built-in-kinds.ts';
import type { Indexers } from '../kube/cache/store.ts';
import { FREE_VOLUMES_BY_CLASS } from '../engines/free-volumes.ts';
import { VOLUMES_BY_COPY } from '../engines/mover/backup-context.ts';
import { VOLUMES_BY_PRIME_UID } from './stores.ts';

/** Wins over spec.storageClassName (component-helpers v0.34, storage/volume/pv_helpers.go, GetPersistentVolumeClass). */
const OLD_CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

const READ_ANNOTATIONS: ReadonlySet<string> = new Set([
  BOUND_BY_CONTROLLER_ANNOTATION,
  FORMER_POLICY_ANNOTATION,
  MAY_FILL_ANNOTATION,
  PROVISIONED_BY_ANNOTATION,
]);

/** A name of each volume, for clusters have tens of thousands; all that is read of those that concern a restore or a backup run. */
export function slimVolume(volume: PersistentVolume): PersistentVolume {
  const { apiVersion, kind, metadata } = volume;
  const { name, uid, resourceVersion, creationTimestamp } = metadata;
  const slim = { name, uid, resourceVersion, creationTimestamp };
  const isFree = isFreeVolume(volume);
  if (!isFree && !concernsMovers(volume)) return { apiVersion, kind, metadata: slim, spec: {} };
  const kept = Object.entries(metadata.annotations ?? {}).filter(([key]) => READ_ANNOTATIONS.has(key));
  const { capacity, accessModes, volumeMode, claimRef, persistentVolumeReclaimPolicy } = volume.spec;
  const storageClassName = classOf(volume);
  const size = isFree ? { capacity, accessModes, volumeMode } : {};
  return {
    apiVersion,
    kind,
    metadata: { ...slim, annotations: Object.fromEntries(kept) },
    spec: { storageClassName, claimRef, persistentVolumeReclaimPolicy, ...size },
    status: { phase: volume.status?.phase },
  };
}

const isFreeVolume = ({ metadata, spec, status }: PersistentVolume): boolean =>
  status?.phase === 'Available' && spec.claimRef === undefined && metadata.deletionTimestamp === undefined;

const concernsMovers = ({ metadata, spec }: PersistentVolume): boolean =>
  isPrimeClaimName(spec.claimRef?.name ?? '') ||
  isCopyClaimName(spec.claimRef?.name ?? '') ||
  metadata.annotations?.[FORMER_POLICY_ANNOTATION] !== undefined;

const classOf = ({ metadata, spec }: PersistentVolume): string =>
  metadata.annotations?.[OLD_CLASS_ANNOTATION] ?? spec.storageClassName ?? '';

export const volumeIndexers: Indexers<PersistentVolume> = {
  [FREE_VOLUMES_BY_CLASS]: (volume) => (isFreeVolume(volume) ? [volume.spec.storageClassName ?? ''] : []),
  [VOLUMES_BY_COPY]: ({ spec: { claimRef: { name = '' } = {} } }) => (isCopyClaimName(name) ? [name] : []),
  [VOLUMES_BY_PRIME_UID]: ({ spec: { claimRef } }) => (claimRef?.uid === undefined ? [] : [claimRef.uid]),
};
