import { describe, expect, it } from 'vitest';
import { parseBackupLog } from './backup-log.ts';

const backedUp = `== Checking directory for content ===
=== Check for dir initialized ===
dir is initialized
=== Starting backup ===
/data /
using parent snapshot eaf1a6ed

Files:           3 new,     0 changed,     0 unmodified
Dirs:            1 new,     0 changed,     0 unmodified
Added to the repository: 2.862 MiB (2.862 MiB stored)

processed 3 files, 2.861 MiB in 0:00
snapshot 20c65a2f saved
/
=== Starting forget ===
Restic completed in 4s
=== Done ===
`;

const none = { count: 0, first: [] };

/** What restic 0.18 says as it leaves files out and ends with code 3, after which VolSync's script says nothing more. */
const leftOut = `=== Starting backup ===
/data /
error: open /data/pgdata: permission denied
error: open /data/pgdata: permission denied
error: open /data/a\tb: permission denied
error: open /data/c: permission denied
error: open /data/d: permission denied

Files:           1 new,     0 changed,     0 unmodified
processed 1 files, 12 B in 0:00
snapshot 689e7673 saved
Warning: at least one source file could not be read
`;

describe('parseBackupLog', () => {
  it('reads which snapshot was saved, and that the script went on after it', () => {
    const report = { kind: 'saved', snapshotId: '20c65a2f', wentOn: true, unreadable: none };
    expect(parseBackupLog(backedUp)).toEqual(report);
    expect(parseBackupLog(backedUp.replaceAll('\n', '\r\n'))).toEqual(report);
  });

  it('knows a whole backup by the forget that follows it, whatever becomes of that', () => {
    const [log = ''] = backedUp.split('Restic completed');
    const refused = `${log}Remove(<snapshot/bc3d1ef3>) failed: Access Denied\nFatal: failed to remove snapshots\n`;
    expect(parseBackupLog(refused)).toMatchObject({ kind: 'saved', wentOn: true });
  });

  it('sees that the script did not go on, and which files could not be read', () => {
    expect(parseBackupLog(leftOut)).toEqual({
      kind: 'saved',
      snapshotId: '689e7673',
      wentOn: false,
      unreadable: {
        count: 4,
        first: [
          'open /data/pgdata: permission denied',
          'open /data/a b: permission denied',
          'open /data/c: permission denied',
        ],
      },
    });
  });

  it('does not take the parent for the snapshot', () => {
    const log = backedUp.replace('snapshot 20c65a2f saved\n', '');
    expect(parseBackupLog(log)).toEqual({ kind: 'unclear' });
  });

  it('sees that there was nothing to back up', () => {
    expect(parseBackupLog('== Checking directory for content ===\n== Directory is empty skipping backup ===')).toEqual({
      kind: 'emptyVolume',
    });
  });

  it('believes nothing of a log that says nothing', () => {
    expect(parseBackupLog('')).toEqual({ kind: 'unclear' });
    expect(parseBackupLog('Fatal: wrong password or no key found')).toEqual({ kind: 'unclear' });
  });
});
