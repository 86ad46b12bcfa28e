import type { Reason } from './helper-claims.ts';

/** How long a fresh claim that no pod uses is left alone: there is nothing in it to back up. */
export const CONSUMER_GRACE_MILLISECONDS = 10 * 60_000;

/** What decides whether backups of a claim may run. */
export interface BackupGateFacts {
  readonly claimUID: string;
  readonly claimBound: boolean;
  /** Given when Kubernetes calls the claim Lost: its volume is gone. Without a name if it never had a volume. */
  readonly lost?: { readonly volumeName?: string | undefined } | undefined;
  /** The claim is filled by one of our VolumeRestores. */
  readonly restoredByUs: boolean;
  /** UID of the claim that the last proof speaks of. */
  readonly provenClaimUID?: string | undefined;
  /**
   * The restore found the claim bound to a volume that it did not fill. A claim that is bound while its restore has not
   * said either is nothing to be alarmed about: the restore is just about to note its success.
   */
  readonly boundElsewhere: boolean;
  /** Why the engine can't back up a volume of this kind; absent when it can. */
  readonly unsupported?: Reason | undefined;
  /** Name of the Velero Restore that still fills the claim; absent when none does. */
  readonly veleroRestore?: string | undefined;
  /** Whom a fresh claim still waits for: its first pod, one that is there but has not started, or nobody. */
  readonly awaitedConsumer: 'none' | 'missing' | 'starting';
}

export type BackupGate =
  | { readonly open: true }
  | {
      readonly open: false;
      readonly reason: string;
      readonly message: string;
      /** What a person can do when it stays shut. Absent when that is in the message, or told elsewhere. */
      readonly advice?: string;
    };

const boundUnproven: BackupGate = {
  open: false,
  reason: 'BoundUnproven',
  message:
    'The claim was bound to a volume that no proven restore filled (a pre-provisioned volume may have matched it). Backups are withheld so that the good snapshots stay. Delete the claim and create it again: its backup is then restored, or with annotation rebound.dev/restore: none it starts blank. Either way the present volume goes with the claim if its reclaim policy is Delete: if what it holds counts, set that policy to Retain first, or copy the files elsewhere.',
};

const restorePending: BackupGate = {
  open: false,
  reason: 'RestorePending',
  message: 'The restore is not yet proven. Backups begin after it.',
  advice: "It has not even begun: look at the log of Rebound's controller.",
};

const claimPending: BackupGate = {
  open: false,
  reason: 'ClaimPending',
  message: 'The claim is not bound to a volume yet. Backups begin after it.',
  advice:
    "The claim's other events say why; where its storage class binds with the first pod (WaitForFirstConsumer), start the pod.",
};

const consumerStarting: BackupGate = {
  open: false,
  reason: 'NoConsumer',
  message: 'The first pod of the claim has not started yet, so there is nothing to back up. Backups begin with it.',
};

const consumerMissing: BackupGate = {
  open: false,
  reason: 'NoConsumer',
  message: 'No pod has run with the claim yet, so there is nothing to back up. Backups begin with its first pod.',
  advice: `Without one they begin ${CONSUMER_GRACE_MILLISECONDS / 60_000} minutes after the claim was created.`,
};

const volumeLost = (volumeName: string | undefined): BackupGate => {
  const [what, how] =
    volumeName === undefined
      ? [
          'The claim is Lost: annotation pv.kubernetes.io/bind-completed says that it was bound, but it names no volume.',
          'create it again without that annotation',
        ]
      : [
          `The claim lost its volume ${volumeName}: the PersistentVolume is gone, or belongs to another claim (where this one was copied from).`,
          'create it again, without spec.volumeName',
        ];
  return {
    open: false,
    reason: 'VolumeLost',
    message: `${what} Backups stop; those taken so far stay. Delete the claim and ${how}: the latest backup, if there is one, is then restored.`,
  };
};

const veleroAtWork = (name: string): BackupGate => ({
  open: false,
  reason: 'VeleroRestoreUnderWay',
  message: `Velero's Restore ${name}, which fills the claim, has not ended. Backups begin when it has.`,
  advice: `See its state: velero restore describe ${name}. To have Rebound restore the claim instead, create it again with annotation rebound.dev/restore: latest.`,
});

/**
 * Backups begin only once the claim is bound and, where it is filled by a restore, that restore is proven: a backup of a
 * half-restored volume would push the good snapshots out.
 */
export function backupGate(facts: BackupGateFacts): BackupGate {
  if (facts.unsupported !== undefined) return { open: false, ...facts.unsupported };
  if (facts.lost !== undefined) return volumeLost(facts.lost.volumeName);
  if (facts.restoredByUs && facts.provenClaimUID !== facts.claimUID) {
    return facts.claimBound && facts.boundElsewhere ? boundUnproven : restorePending;
  }
  if (!facts.claimBound) return claimPending;
  if (facts.veleroRestore !== undefined) return veleroAtWork(facts.veleroRestore);
  switch (facts.awaitedConsumer) {
    case 'missing':
      return consumerMissing;
    case 'starting':
      return consumerStarting;
    case 'none':
      return { open: true };
  }
}
