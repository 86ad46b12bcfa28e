import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { moverComplaint, parseRestoreLog, saysDone, speaksOfLock } from './mover-log.ts';

const backedUp = 'processed 3 files, 2.861 MiB in 0:00\nsnapshot 20c65a2f saved\nRestic completed in 4s';

/** What a restore mover of VolSync 0.14 with restic 0.18 says, around restic's own last line. */
const restoreLog = (summary: string): string => `Starting container
VolSync restic container version: v0.14.0
restore
restic 0.18.0 compiled with go1.24.1 on linux/amd64
Testing mandatory env variables
=== Check for dir initialized ===
dir is initialized
=== Starting restore ===
RESTORE_OPTIONS: --delete
/data /
Selected restic snapshot with id: 20c65a2f
restoring snapshot 20c65a2f of [/data] at 2026-11-21 09:50:12.031721949 +0000 UTC by root@volsync to .
[0:10] 42.00%  2 files/dirs 1.201 MiB, total 4 files/dirs 2.861 MiB
${summary}
/
Restic completed in 9s
=== Done ===
`;

const nothingRestored = `=== Check for dir initialized ===
=== Initialize Dir ===
created restic repository 374c6313cb at s3:http://s3.example/bucket/shop/data
=== Starting restore ===
No eligible snapshots found
=== No data will be restored ===
Restic completed in 4s
=== Done ===
`;

const wrongPassword = `=== Check for dir initialized ===
Fatal: wrong password or no key found
ERROR: failure connecting to repository, incorrect password
`;

const lockedOut = `=== Check for dir initialized ===
unable to create lock in backend: repository is already locked exclusively by PID 33 on mover-1 by root (UID 0, GID 0)
lock was created at 2026-11-21 09:50:12 (2h3m4.5s ago)
storage ID 0123abcd
the \`unlock\` command can be used to remove stale locks
ERROR: failure locking repository
`;

const brokenLock = `=== Starting forget ===
Fatal: invalid lock file: invalid data returned
`;

/** restic's `FormatBytes` (internal/ui/format.go, 0.18). */
function formatBytes(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(4, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return power === 0 ? `${bytes} B` : `${(bytes / 1024 ** power).toFixed(3)} ${units[power - 1] ?? ''}`;
}

describe('parseRestoreLog', () => {
  it('reads a complete restore', () => {
    expect(parseRestoreLog(restoreLog('Summary: Restored 4 files/dirs (2.861 MiB) in 0:00'))).toEqual({
      foundNothing: false,
      snapshotId: '20c65a2f',
      entries: 4,
      entriesPlanned: 4,
      sizeBytes: Math.round(2.861 * 1024 * 1024),
    });
  });

  it('counts what an earlier try had brought back already', () => {
    const log = restoreLog('Summary: Restored 2 files/dirs (3 B) in 0:00, skipped 2 files/dirs 2.861 MiB');
    expect(parseRestoreLog(log)).toMatchObject({
      entries: 4,
      entriesPlanned: 4,
      sizeBytes: 3 + Math.round(2.861 * 1024 * 1024),
    });
  });

  it('does not count what was deleted', () => {
    const end = 'in 0:00, skipped 3 files/dirs 2.861 MiB, deleted 7 files/dirs';
    expect(parseRestoreLog(restoreLog(`Summary: Restored 1 files/dirs (0 B) ${end}`))).toMatchObject({ entries: 4 });
    const onlyDeleted = restoreLog('Summary: Restored 4 files/dirs (3 B) in 0:00, deleted 7 files/dirs');
    expect(parseRestoreLog(onlyDeleted)).toMatchObject({ entries: 4, entriesPlanned: 4 });
  });

  it('invariant 11: sees a restore that fell short', () => {
    const log = restoreLog('Summary: Restored 3 / 10 files/dirs (1.000 KiB / 2.861 MiB) in 1:02:03');
    expect(parseRestoreLog(log)).toMatchObject({ entries: 3, entriesPlanned: 10, sizeBytes: 1024 });
  });

  it('invariant 11: sees one that fell short after an earlier try', () => {
    const log = restoreLog('Summary: Restored 3 / 10 files/dirs (1 B / 9 B) in 0:03, skipped 5 files/dirs 1 B');
    expect(parseRestoreLog(log)).toMatchObject({ entries: 8, entriesPlanned: 15, sizeBytes: 2 });
  });

  it('invariant 11: sees that nothing was found', () => {
    expect(parseRestoreLog(nothingRestored)).toEqual({ foundNothing: true });
  });

  it('leaves open what is not said', () => {
    expect(parseRestoreLog('')).toEqual({ foundNothing: false });
    expect(parseRestoreLog(wrongPassword)).toEqual({ foundNothing: false });
    const kept = 'restoring snapshot 20c65a2f of [/data] at 2026-11-21 by root@volsync to .\nRestic completed in 9s';
    expect(parseRestoreLog(kept)).toEqual({ foundNothing: false, snapshotId: '20c65a2f' });
  });

  it('does not take progress for the result', () => {
    const log = restoreLog('').replace('Restic completed in 9s', '');
    expect(parseRestoreLog(log)).not.toHaveProperty('entries');
  });

  it('does not mind carriage returns, indentation or noise around', () => {
    const noise = 'ignoring error for /x: Summary: Restored 99 files/dirs (1 B) in 0:00\n';
    const plain = restoreLog('Summary: Restored 3 / 4 files/dirs (1 B / 2 B) in 0:00, skipped 1 files/dirs 1 B');
    const expected = parseRestoreLog(plain);
    expect(parseRestoreLog(plain.replaceAll('\n', '\r\n'))).toEqual(expected);
    expect(parseRestoreLog(plain.replaceAll('\n', '\n  \t'))).toEqual(expected);
    expect(parseRestoreLog(noise + plain + noise)).toEqual(expected);
  });

  it.each([
    ['lines', 'x'.repeat(80) + '\n'],
    ['blank lines', '\n'],
    ['one long line', 'Summary: Restored '],
    ['progress', '[0:10] 42.00%  2 files/dirs 1.201 MiB, total 4 files/dirs 2.861 MiB\n'],
  ])('reads a log of 100,000 %s in no time', (_, piece) => {
    const log = piece.repeat(100_000) + restoreLog('Summary: Restored 4 files/dirs (3 B) in 0:00');
    const startedAt = performance.now();
    expect(parseRestoreLog(log)).toMatchObject({ snapshotId: '20c65a2f', entries: 4 });
    expect(saysDone(log)).toBe(true);
    expect(moverComplaint(log)).toBeUndefined();
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });

  it('reads back whatever restic counts', () => {
    const bytes = fc.oneof(fc.nat({ max: 5_000 }), fc.bigInt({ min: 0n, max: 2n ** 43n }).map(Number));
    const restores = fc.record({
      finished: fc.nat(),
      rest: fc.nat(),
      size: bytes,
      skipped: fc.nat({ max: 9 }),
      skippedSize: bytes,
    });
    fc.assert(
      fc.property(restores, ({ finished, rest, size, skipped, skippedSize }) => {
        const short = rest === 0 ? '' : ` / ${finished + rest}`;
        const shortSize = rest === 0 ? '' : ` / ${formatBytes(size * 2)}`;
        const more = skipped === 0 ? '' : `, skipped ${skipped} files/dirs ${formatBytes(skippedSize)}`;
        const line = `Summary: Restored ${finished}${short} files/dirs (${formatBytes(size)}${shortSize}) in 0:01${more}`;
        const report = parseRestoreLog(restoreLog(line));
        expect(report).toMatchObject({ entries: finished + skipped, entriesPlanned: finished + rest + skipped });
        const sizeBytes = size + (skipped === 0 ? 0 : skippedSize);
        expect(Math.abs((report.sizeBytes ?? 0) - sizeBytes)).toBeLessThanOrEqual(2 + sizeBytes / 1000);
      }),
      { numRuns: 500 },
    );
  });

  it('never finds a proof in other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(parseRestoreLog(text)).toEqual({ foundNothing: false });
      }),
    );
  });
});

describe('saysDone', () => {
  it('tells a mover that did all from one that broke off', () => {
    expect(saysDone(restoreLog('Summary: Restored 4 files/dirs (3 B) in 0:00'))).toBe(true);
    expect(saysDone(wrongPassword)).toBe(false);
    expect(saysDone('Summary: Restored 4 files/dirs (3 B) in 0:00\nFatal: There were 1 errors')).toBe(false);
  });
});

describe('moverComplaint', () => {
  it('repeats the first line that says what is wrong, cut to 300 characters', () => {
    expect(moverComplaint(wrongPassword)).toBe('Fatal: wrong password or no key found');
    expect(moverComplaint('ERROR: RESTIC_PASSWORD must be defined\r\n')).toBe('ERROR: RESTIC_PASSWORD must be defined');
    expect(moverComplaint(`Fatal: ${'x'.repeat(999)}`)).toHaveLength(300);
  });

  it('names the first cause beside the number of errors that restic ends with', () => {
    const log = `restoring snapshot 20c65a2f of [/data] at 2026-11-21 by root@volsync to .
ignoring error for /config/db: lchown /data/config/db: operation not permitted
ignoring error for /config: lchown /data/config: operation not permitted
Summary: Restored 3 files/dirs (1 B) in 0:00
Fatal: There were 20 errors
`;
    expect(moverComplaint(log)).toBe(
      'ignoring error for /config/db: lchown /data/config/db: operation not permitted (Fatal: There were 20 errors)',
    );
  });

  it('names the first file that a backup could not read, and a network that does not answer', () => {
    const unreadable =
      'error: open /data/key: permission denied\n\nWarning: at least one source file could not be read\n';
    expect(moverComplaint(unreadable)).toBe('error: open /data/key: permission denied');
    const unreachable = `Stat(<config/>) returned error, retrying after 552ms: Head "https://s3/b": dial tcp 10.0.0.1:443: i/o timeout
ERROR: failure checking existence of repository
`;
    expect(moverComplaint(unreachable)).toBe(
      'Stat(<config/>) returned error, retrying after 552ms: Head "https://s3/b": dial tcp 10.0.0.1:443: i/o timeout (ERROR: failure checking existence of repository)',
    );
  });

  it('names the lock that kept the forget out, and not the cache without which the backup went well', () => {
    const log = `unable to open cache: open /cache/CACHEDIR.TAG: permission denied
processed 173 files, 1.014 MiB in 0:00
snapshot 63394edb saved
=== Starting forget ===
unable to open cache: open /cache/CACHEDIR.TAG: permission denied
repo already locked, waiting up to 0s for the lock
unable to create lock in backend: repository is already locked by PID 7351 on vm by root (UID 0, GID 0)
lock was created at 2026-11-30 01:29:13 (4h8m37s ago)
`;
    expect(moverComplaint(log)).toBe(
      'unable to create lock in backend: repository is already locked by PID 7351 on vm by root (UID 0, GID 0)',
    );
    expect(moverComplaint('unable to open cache: open /cache/CACHEDIR.TAG: permission denied\n')).toBeUndefined();
  });

  it('stays one line of at most 300 characters, whatever files are called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 500 }), (name) => {
        const said = moverComplaint(`ignoring error for /${name}: no\nFatal: There were 1 errors\n`) ?? '';
        expect(said.length).toBeLessThanOrEqual(300);
        expect(said).not.toMatch(/\p{Cc}/u);
      }),
    );
  });

  it('says nothing where nothing is wrong', () => {
    expect(moverComplaint(backedUp)).toBeUndefined();
    expect(moverComplaint('Fatally flawed')).toBeUndefined();
  });
});

describe('speaksOfLock', () => {
  it('knows a mover that was locked out from one that failed otherwise', () => {
    expect([lockedOut, brokenLock, 'ERROR: failure locking repository'].map(speaksOfLock)).toEqual([true, true, true]);
    expect([wrongPassword, backedUp, ''].map(speaksOfLock)).toEqual([false, false, false]);
  });
});
