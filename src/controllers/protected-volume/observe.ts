import type { BackupPolicy } from '../../api/backup-policy.ts';
import { TIER_LABEL } from '../../api/labels.ts';
import type { ProtectedVolume } from '../../api/protected-volume.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { isVolumeRestoreReference } from '../../domain/admission.ts';
import { formerNameForClaim, nameForClaim } from '../../domain/object-names.ts';
import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { objectKey } from '../../kube/model/kind.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import type { Stores } from '../stores.ts';

/** One labelled claim and all that belongs to its protection. */
export interface Protection {
  readonly claim: PersistentVolumeClaim;
  /** Value of the tier label. */
  readonly tier: string;
  /** Absent when the label names no policy. */
  readonly policy: BackupPolicy | undefined;
  readonly volume: ProtectedVolume | undefined;
  /** The claim is filled by one of our restores. */
  readonly restoredByUs: boolean;
  readonly restore: VolumeRestore | undefined;
  readonly source: ReplicationSource | undefined;
  /** The claim's schedule under the name that the first releases gave it, where that was another; it has to go. */
  readonly formerSource: ReplicationSource | undefined;
}

/** Reads the world around a labelled claim, from the local copies. */
export function observeProtection(stores: Stores, claim: PersistentVolumeClaim): Protection {
  const { namespace, name } = claim.metadata;
  const tier = claim.metadata.labels?.[TIER_LABEL] ?? '';
  const reference = claim.spec.dataSourceRef;
  const restoredByUs = isVolumeRestoreReference(reference);
  const named = stores.replicationSources.get(objectKey({ namespace, name: nameForClaim(name) }));
  const formerSource = formerSourceOf(stores, claim);
  return {
    claim,
    tier,
    policy: stores.policies.get(tier),
    volume: stores.protectedVolumes.get(objectKey({ namespace, name })),
    restoredByUs,
    restore: restoredByUs
      ? stores.volumeRestores.get(objectKey({ namespace, name: reference?.name ?? '' }))
      : undefined,
    source: named ?? formerSource,
    formerSource,
  };
}

function formerSourceOf(stores: Stores, claim: PersistentVolumeClaim): ReplicationSource | undefined {
  const { namespace, name } = claim.metadata;
  if (formerNameForClaim(name) === nameForClaim(name)) return undefined;
  const source = stores.replicationSources.get(objectKey({ namespace, name: formerNameForClaim(name) }));
  // Two claims could share such a name: of one of them it is none.
  return source?.spec['sourcePVC'] === name && source.metadata.ownerReferences?.[0]?.name === name ? source : undefined;
}

/** UID of the claim that a proof was recorded for. */
export const provenClaimUID = ({ status }: ProtectedVolume): string | undefined =>
  status?.lastProof === undefined ? undefined : status.claimUID;

/** Whether a restore has proven what it brought back, and the claim is bound to that very volume. */
export const isCompleted = (restore: VolumeRestore | undefined): restore is VolumeRestore =>
  restore?.status?.phase === 'Completed';

/** Whether a restore found its claim bound to a volume that it did not fill. */
export const isBoundElsewhere = (restore: VolumeRestore | undefined): boolean =>
  restore?.status?.boundElsewhere === true;
