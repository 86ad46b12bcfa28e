import type { ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import type { BackupMemory } from '../../domain/backup-findings.ts';
import type { ProtectionFacts } from '../../domain/protection.ts';

/** What a look at the engine adds to the facts and to the status. */
export interface BackupFindings {
  readonly facts: Partial<ProtectionFacts>;
  readonly status: Partial<ProtectedVolumeStatus>;
  /** What is remembered of the backups, in place of what was; absent where nothing was looked at. */
  readonly memory?: BackupMemory | undefined;
  /** For `BackupTools.settled`, once the status is recorded; absent while they are to be looked at again. */
  readonly settledIds?: ReadonlySet<string> | undefined;
  /** Absent when nothing is to be done until something changes. */
  readonly lookAgainMilliseconds?: number | undefined;
}

export const nothingFound: BackupFindings = { facts: {}, status: {} };
