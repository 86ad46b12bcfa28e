import { WAITS_FOR_LABEL } from '../api/labels.ts';

/** What is known of a claim without the label that may wait for a restore of Rebound's. */
export interface WaitingClaim {
  /** `metadata.name` of the VolumeRestore that its data source names. */
  readonly restoreName: string;
  /** Whether it has the selector that no volume fits, too. */
  readonly hasWaitingSelector: boolean;
  readonly isBound: boolean;
  /** Whether that VolumeRestore is there, and is for this very claim. */
  readonly isRestored: boolean;
  readonly ageMilliseconds: number;
}

/** The controller makes a VolumeRestore as soon as it sees the claim: before the label went, it may have been on its way. */
export const ORPHAN_PATIENCE_MILLISECONDS = 60_000;

/**
 * What has to be said of a claim that waits for a restore which never comes: it was made from an exported manifest, or by a
 * tool, and has all that a waiting claim has but the label. Undefined where nothing has to be said.
 */
export function orphanedClaim(claim: WaitingClaim): string | undefined {
  const { restoreName, hasWaitingSelector, isBound, isRestored, ageMilliseconds } = claim;
  if (isBound || isRestored || ageMilliseconds < ORPHAN_PATIENCE_MILLISECONDS) return undefined;
  const selector = hasWaitingSelector ? ` and spec.selector (${WAITS_FOR_LABEL})` : '';
  return (
    `The claim waits for VolumeRestore ${restoreName}, which nobody makes: spec.dataSourceRef was copied from another claim that Rebound ` +
    'had restored, but this one has no label backup. Delete it, and create it again without spec.dataSourceRef, spec.dataSource' +
    `${selector} to start blank, or with the label to have its own backup restored.`
  );
}
