/** What a snapshot must bring back, from the snapshot itself or from the ledger. Absent numbers were never recorded. */
export interface RestoreExpectation {
  /** All 64 digits. */
  readonly snapshotId: string;
  readonly sizeBytes?: number | undefined;
  readonly files?: number | undefined;
}

/** What the engine says it did. */
export interface RestoreReport {
  /** Snapshot id or the beginning of one, as the mover printed it; absent when it named none. */
  readonly snapshotId?: string | undefined;
  /** True when the mover says that it found nothing to restore. */
  readonly foundNothing: boolean;
  /** Files and directories restored. */
  readonly entries?: number | undefined;
  /** Files and directories that it set out to restore; differs from `entries` when it fell short. */
  readonly entriesPlanned?: number | undefined;
  /** Bytes restored, as precise as human-readable output is. */
  readonly sizeBytes?: number | undefined;
}

export type ProofVerdict =
  | { readonly kind: 'proven'; readonly message: string }
  /** The report lacks what a proof needs: restore again and listen better. */
  | { readonly kind: 'unproven'; readonly message: string }
  | { readonly kind: 'mismatch'; readonly message: string };

type Check = (expectation: RestoreExpectation, report: RestoreReport) => ProofVerdict | undefined;

const mismatch = (message: string): ProofVerdict => ({ kind: 'mismatch', message });
const unproven = (message: string): ProofVerdict => ({ kind: 'unproven', message });
const short = (id: string): string => id.slice(0, 8);

const foundNothing: Check = (expectation, report) =>
  report.foundNothing
    ? mismatch(`the mover found nothing to restore, but snapshot ${short(expectation.snapshotId)} exists`)
    : undefined;

const rightSnapshot: Check = ({ snapshotId }, report) => {
  if (report.snapshotId === undefined) return unproven('the mover did not say which snapshot it restored');
  return snapshotId.startsWith(report.snapshotId) && report.snapshotId.length >= 8
    ? undefined
    : mismatch(`snapshot ${short(report.snapshotId)} came back instead of ${short(snapshotId)}`);
};

const countKnown: Check = (_, report) =>
  report.entries === undefined ? unproven('the mover did not say how many files it restored') : undefined;

const nothingLeftOut: Check = (_, { entries = 0, entriesPlanned = entries }) =>
  entries < entriesPlanned
    ? mismatch(`only ${entries} of ${entriesPlanned} files and directories came back`)
    : undefined;

const allFiles: Check = ({ files = 0 }, { entries = 0 }) =>
  entries < files ? mismatch(`${entries} of ${files} files came back`) : undefined;

// Hard links make a restore write fewer bytes than the snapshot counts, so only "nothing at all" is certain to be wrong.
const someBytes: Check = ({ sizeBytes: expected = 0 }, { sizeBytes }) =>
  expected > 0 && sizeBytes === 0 ? mismatch(`0 of ${expected} bytes came back`) : undefined;

const checks: readonly Check[] = [foundNothing, rightSnapshot, countKnown, nothingLeftOut, allFiles, someBytes];

/** Judges a finished restore. Only `proven` lets the claim have the volume. */
export function proveRestore(expectation: RestoreExpectation, report: RestoreReport): ProofVerdict {
  for (const check of checks) {
    const verdict = check(expectation, report);
    if (verdict !== undefined) return verdict;
  }
  return {
    kind: 'proven',
    message: `snapshot ${short(expectation.snapshotId)} came back complete: ${report.entries ?? 0} files and directories`,
  };
}
