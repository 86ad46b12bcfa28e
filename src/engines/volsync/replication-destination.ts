import type { BackupPolicySpec } from '../../api/backup-policy.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from '../../api/labels.ts';
import type { MoverUser } from '../../api/snapshot.ts';
import { writingGroup } from '../../domain/mover-user.ts';
import type { OwnerReference } from '../../kube/model/kind.ts';
import type { StorageClass } from '../../kube/model/built-in-kinds.ts';
import { cacheVolume } from './cache-volume.ts';
import { moverPodLabels } from './mover-pod-labels.ts';
import { moverSecurityContext } from './mover-security.ts';
import { customCA } from './repository-secret.ts';

export interface RestoreAttempt {
  readonly name: string;
  readonly namespace: string;
  readonly owner: OwnerReference;
  readonly repositorySecretName: string;
  /** Whether that Secret carries a certificate authority. */
  readonly hasCustomCA: boolean;
  /** The claim that the data goes into. */
  readonly primeClaimName: string;
  readonly snapshotTimeMilliseconds: number;
  /** Everything is prepared, and no mover starts yet. */
  readonly paused: boolean;
  /** Removes from the claim what is not in the snapshot: for a volume only that an earlier attempt has filled. */
  readonly deletesFiles: boolean;
  readonly policy: BackupPolicySpec;
  /** The class of the claim; absent when it has none, or one that does not exist. */
  readonly claimStorageClass?: StorageClass | undefined;
  readonly moverUser: MoverUser;
  /** Whether the engine makes movers of the namespace root, whomever they are said to be. */
  readonly privilegedMovers: boolean;
}

/** The value of `spec.trigger.manual`; each attempt is a new object, so one word serves all. */
export const RESTORE_TRIGGER = 'restore';

/**
 * VolSync's mover compares whole seconds: it takes the newest snapshot whose time, cut to the second, is not after this.
 */
function restoreAsOf(timeMilliseconds: number): string {
  return `${new Date(Math.floor(timeMilliseconds / 1000) * 1000).toISOString().slice(0, 19)}Z`;
}

/**
 * A new volume's top folder belongs to root: a mover that runs as anybody else can write there only through the pod's
 * fsGroup, which hands the folder to that group. What is restored has its own owners and modes.
 */
function ableToWrite(user: MoverUser): MoverUser {
  const group = writingGroup(user);
  return group === undefined ? user : { ...user, fsGroup: group };
}

/**
 * Builds the object by which VolSync restores straight into a claim (`copyMethod: Direct`): no CSI snapshot and no second
 * copy. `enableFileDeletion` makes a second attempt into the same claim end with exactly the snapshot's files. While it is
 * paused, VolSync makes the cache and a Job that starts no pod (internal/controller/mover/restic/mover.go, v0.14).
 */
export function buildReplicationDestination(attempt: RestoreAttempt) {
  const securityContext = moverSecurityContext(ableToWrite(attempt.moverUser), attempt.privilegedMovers);
  return {
    metadata: {
      name: attempt.name,
      namespace: attempt.namespace,
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      ownerReferences: [attempt.owner],
    },
    spec: {
      trigger: { manual: RESTORE_TRIGGER },
      paused: attempt.paused,
      restic: {
        repository: attempt.repositorySecretName,
        ...customCA(attempt.repositorySecretName, attempt.hasCustomCA),
        copyMethod: 'Direct',
        destinationPVC: attempt.primeClaimName,
        restoreAsOf: restoreAsOf(attempt.snapshotTimeMilliseconds),
        enableFileDeletion: attempt.deletesFiles,
        ...cacheVolume(attempt.policy, attempt.claimStorageClass),
        moverPodLabels,
        cleanupCachePVC: true,
        ...(securityContext === undefined ? {} : { moverSecurityContext: securityContext }),
      },
    },
  };
}
