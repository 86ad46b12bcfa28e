import type { ProtectedVolume, ProtectedVolumeStatus } from '../../src/api/protected-volume.ts';
import type { SnapshotReference } from '../../src/api/snapshot.ts';

/** A backup that was asked for once the data was in. */
export interface WantedBackup {
  /** Value of the annotation that asked for it. */
  readonly request: string;
  /** When the last byte of the data was written, RFC 3339. */
  readonly dataTime: string;
}

/** The confirmed backup that was asked for and was taken after the data was written; undefined until there is one. */
export function backupThatHolds(
  status: ProtectedVolumeStatus | undefined,
  wanted: WantedBackup,
): SnapshotReference | undefined {
  const { lastBackup, lastBackupRequest, phase } = status ?? {};
  if (lastBackup === undefined || lastBackupRequest !== wanted.request || phase !== 'Protected') return undefined;
  return Date.parse(lastBackup.time) >= Date.parse(wanted.dataTime) ? lastBackup : undefined;
}

/** The confirmed backup of a claim, and when the next one is due; undefined until both are known. */
export function nextBackup(
  status: ProtectedVolumeStatus | undefined,
): { readonly backup: SnapshotReference; readonly dueTime: string } | undefined {
  const { phase, lastBackup, nextBackupTime } = status ?? {};
  if (phase !== 'Protected' || lastBackup === undefined || nextBackupTime === undefined) return undefined;
  return { backup: lastBackup, dueTime: nextBackupTime };
}

/** UID of the claim that the status speaks of, unless that is a lost one. */
export function newClaimUID(
  status: ProtectedVolumeStatus | undefined,
  lostClaimUIDs: readonly string[],
): string | undefined {
  const uid = status?.claimUID;
  return uid === undefined || lostClaimUIDs.includes(uid) ? undefined : uid;
}

/** The snapshot that a new claim was proven to hold; undefined until it is, and while the status is a lost claim's. */
export function provenSnapshot(
  status: ProtectedVolumeStatus | undefined,
  lostClaimUIDs: readonly string[],
): SnapshotReference | undefined {
  return newClaimUID(status, lostClaimUIDs) === undefined ? undefined : status?.lastProof?.snapshot;
}

/** In one line, for a person: where the claim stands and why. */
export function describeProtection(volume: ProtectedVolume | undefined): string {
  if (volume === undefined) return 'Rebound has not taken the claim up';
  const ready = volume.status?.conditions?.find(({ type }) => type === 'Ready');
  return [volume.status?.phase ?? 'no phase yet', ready?.message].filter((part) => part !== undefined).join(': ');
}

/** The time of day in UTC: `08:15:02Z`. */
export function clockTime(time: string): string {
  return `${new Date(time).toISOString().slice(11, 19)}Z`;
}

/** `1a2b3c4d of 08:15:02Z (118 MB in 1,204 files)` */
export function describeSnapshot({ id, time, sizeBytes, files }: SnapshotReference): string {
  const size = sizeBytes === undefined ? undefined : `${Math.round(sizeBytes / 1e6)} MB`;
  const count = files === undefined ? undefined : `${files.toLocaleString('en')} files`;
  const content = [size, count].filter((part) => part !== undefined).join(' in ');
  return `${id.slice(0, 8)} of ${clockTime(time)}${content === '' ? '' : ` (${content})`}`;
}
