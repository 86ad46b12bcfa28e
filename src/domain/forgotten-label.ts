/** What is known of a claim without the label. */
export interface UnlabelledClaim {
  readonly namespace: string;
  readonly name: string;
  readonly createdMilliseconds: number;
  /** Whether a program made it for its own ends, or a person said why it needs no backup, or it lives with its pod. */
  readonly needsNoBackup: boolean;
}

/** What a destination's ledger remembers of a claim of that name. */
export interface RememberedClaim {
  readonly destination: string;
  readonly policy: string;
  /** Of the last backup, RFC 3339. */
  readonly time: string;
}

const DAY_MILLISECONDS = 86_400_000;

/** Whether the claim is worth a look into the ledgers: one that is older has long been noticed, or never will be. */
export const isNewlyUnlabelled = (claim: UnlabelledClaim, nowMilliseconds: number): boolean =>
  !claim.needsNoBackup && nowMilliseconds - claim.createdMilliseconds < DAY_MILLISECONDS;

/**
 * What has to be said of a claim without the label, if a claim of its name was backed up before it was made: it was
 * created again from a manifest that lacks the label, and is blank. Undefined where nothing has to be said.
 */
export function forgottenLabel(claim: UnlabelledClaim, remembered: RememberedClaim): string | undefined {
  if (claim.needsNoBackup || claim.createdMilliseconds <= Date.parse(remembered.time)) return undefined;
  const { destination, policy, time } = remembered;
  return (
    `Destination ${destination} holds backups of a claim ${claim.namespace}/${claim.name}, the last of ${time}, but this one has no ` +
    `label backup: it was not restored, and is not backed up. To get the data back, delete the claim and create it again with label ` +
    `backup: ${policy}; a StatefulSet carries it in volumeClaimTemplates (delete it with --cascade=orphan and apply it again). ` +
    'If it is meant to be so, say why in annotation rebound.dev/exempt-reason.'
  );
}
