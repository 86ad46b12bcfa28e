/** What decides whether backups of a claim may run. */
export interface BackupGateFacts {
  readonly claimUID: string;
  readonly claimBound: boolean;
  /** The claim is filled by one of our VolumeRestores. */
  readonly restoredByUs: boolean;
  /** UID of the claim that the last proof speaks of. */
  readonly provenClaimUID?: string | undefined;
  /**
   * The restore found the claim bound to a volume that it did not fill. A claim that is bound while its restore has not
   * said either is nothing to be alarmed about: the restore is just about to note its success.
   */
  readonly boundElsewhere: boolean;
}

export type BackupGate =
  { readonly open: true } | { readonly open: false; readonly reason: string; readonly message: string };

/**
 * Backups begin only once the claim is bound and, where it is filled by a restore, that restore is proven: a backup of a
 * half-restored volume would push the good snapshots out.
 */
export function backupGate(facts: BackupGateFacts): BackupGate {
  if (facts.restoredByUs && facts.provenClaimUID !== facts.claimUID) {
    return facts.claimBound && facts.boundElsewhere
      ? {
          open: false,
          reason: 'BoundUnproven',
          message:
            'The claim was bound to a volume that no proven restore filled (a pre-provisioned volume may have matched it). Backups are withheld so that the good snapshots stay. Delete the claim and create it again, with annotation rebound.dev/restore: none if its present content shall count.',
        }
      : { open: false, reason: 'RestorePending', message: 'The restore is not yet proven. Backups begin after it.' };
  }
  if (!facts.claimBound) {
    return {
      open: false,
      reason: 'ClaimPending',
      message: 'The claim is not bound to a volume yet. Backups begin after it.',
    };
  }
  return { open: true };
}
