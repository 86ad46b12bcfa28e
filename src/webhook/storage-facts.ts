import type { ClaimFacts } from '../domain/claim.ts';
import { claimKey } from '../domain/claim.ts';
import type { StorageFacts } from '../domain/waiting-claim.ts';
import type { CSIDriver, PersistentVolume, StorageClass } from '../kube/model/built-in-kinds.ts';
import type { Indexers, ReadableStore } from '../kube/cache/store.ts';
import { UnreadableObjectError } from '../kube/model/unreadable-object.ts';

/** Index of the volumes that any claim of a class may take, by the class's name; empty for "no class". */
const FREE_BY_CLASS = 'class';
/** Index of the volumes that wait for one claim, by `namespace/name`. */
const RESERVED_BY_CLAIM = 'claim';

/** The local copies that tell what could bind a claim. */
export interface ClassSources {
  readonly storageClasses: ReadableStore<StorageClass>;
  readonly csiDrivers: ReadableStore<CSIDriver>;
  /** With the indexes of `freeVolumeIndexers`. */
  readonly volumes: ReadableStore<PersistentVolume>;
}

/** Wins over spec.storageClassName (component-helpers, storage/volume/pv_helpers.go: GetPersistentVolumeClass). */
const OLD_CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/** A few words of each volume: clusters have tens of thousands. */
export function slimVolume({ apiVersion, kind, metadata, spec, status }: PersistentVolume): PersistentVolume {
  const { name, uid, resourceVersion, annotations } = metadata;
  const storageClassName = annotations?.[OLD_CLASS_ANNOTATION] ?? spec.storageClassName ?? '';
  const isFree = status?.phase === 'Available';
  return {
    apiVersion,
    kind,
    metadata: { name, uid, resourceVersion, creationTimestamp: metadata.creationTimestamp },
    spec: { storageClassName, ...(isFree && spec.claimRef !== undefined ? { claimRef: spec.claimRef } : {}) },
    status: { phase: status?.phase },
  };
}

const isFree = (volume: PersistentVolume): boolean => volume.status?.phase === 'Available';

export const freeVolumeIndexers: Indexers<PersistentVolume> = {
  [FREE_BY_CLASS]: (volume) =>
    isFree(volume) && volume.spec.claimRef === undefined ? [volume.spec.storageClassName ?? ''] : [],
  [RESERVED_BY_CLAIM]: (volume) => {
    const { claimRef } = volume.spec;
    // With a UID it is kept for a claim that exists, or existed.
    if (!isFree(volume) || claimRef === undefined || (claimRef.uid ?? '') !== '') return [];
    return [claimKey(claimRef.namespace ?? '', claimRef.name ?? '')];
  },
};

/** What could bind a claim, from the local copies. */
export function storageFactsOf(sources: ClassSources, claim: ClaimFacts): StorageFacts {
  const className = claim.storageClassName ?? '';
  const provisioner = className === '' ? undefined : provisionerOf(sources, className);
  const [reserved] = sources.volumes.byIndex(RESERVED_BY_CLAIM, claimKey(claim.namespace, claim.name));
  return {
    provisioner,
    isCSIDriver: provisioner !== undefined && exists(sources.csiDrivers, provisioner),
    hasAvailableVolume: sources.volumes.byIndex(FREE_BY_CLASS, className).length > 0,
    reservedVolume: reserved?.metadata.name,
  };
}

function provisionerOf({ storageClasses }: ClassSources, className: string): string | undefined {
  try {
    return storageClasses.get(className)?.provisioner;
  } catch (error) {
    if (error instanceof UnreadableObjectError) return undefined;
    throw error;
  }
}

/** One whose content cannot be read exists. */
function exists<T>(store: ReadableStore<T>, name: string): boolean {
  try {
    return store.get(name) !== undefined;
  } catch (error) {
    if (error instanceof UnreadableObjectError) return true;
    throw error;
  }
}
