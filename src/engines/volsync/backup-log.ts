import type { UnreadableFiles } from '../engine.ts';

// What restic 0.18 prints of a backup (internal/ui/backup/text.go, cmd/restic/cmd_backup.go) and what VolSync's mover script
// adds (mover-restic/entry.sh, v0.14). The script ends with the first command that fails.
const saved = /^[ \t]*snapshot ([0-9a-f]{8,64}) saved/gm;
const emptyDirectory = /Directory is empty/;
const afterBackup = /^[ \t]*(?:=== Starting forget ===|Restic completed in )/m;
const unreadable = /^[ \t]*error: (.+)$/gm;

/** How many unreadable files are named. */
const NAMED_FILES = 3;
const LONGEST_NAME = 120;

/** What a backup mover says it did. */
export type BackupReport =
  | {
      readonly kind: 'saved';
      /** The first digits of the snapshot's id. */
      readonly snapshotId: string;
      /** Whether the script went on after the backup, which so had ended with code 0: the snapshot is whole. */
      readonly wentOn: boolean;
      readonly unreadable: UnreadableFiles;
    }
  /** The volume held nothing, so no snapshot was made. */
  | { readonly kind: 'emptyVolume' }
  | { readonly kind: 'unclear' };

/** Reads what a backup mover says it did. */
export function parseBackupLog(log: string): BackupReport {
  const last = [...log.matchAll(saved)].at(-1);
  const snapshotId = last?.[1];
  if (snapshotId !== undefined) {
    const wentOn = afterBackup.test(log.slice(last?.index));
    return { kind: 'saved', snapshotId, wentOn, unreadable: unreadableFiles(log) };
  }
  return emptyDirectory.test(log) ? { kind: 'emptyVolume' } : { kind: 'unclear' };
}

function unreadableFiles(log: string): UnreadableFiles {
  const lines = [...log.matchAll(unreadable)].map(([, line = '']) => line.replaceAll(/\p{Cc}/gu, ' ').trim());
  const each = [...new Set(lines)];
  return { count: each.length, first: each.slice(0, NAMED_FILES).map((line) => line.slice(0, LONGEST_NAME)) };
}
