import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BoundedLog } from './bounded-log.ts';
import { moverComplaint, parseRestoreLog, saysDone } from './mover-log.ts';

const progress = '[0:10] 42.00%  2 files/dirs 1.201 MiB, total 4 files/dirs 2.861 MiB';
const started = 'restoring snapshot 20c65a2f of [/data] at 2026-11-21 by root@volsync to .';

function logOf(lines: Iterable<string>): BoundedLog {
  const log = new BoundedLog();
  for (const line of lines) log.add(line);
  return log;
}

it('keeps all that a proof needs of a restore that takes days', () => {
  const end = ['Summary: Restored 4 files/dirs (2.861 MiB) in 48:00:00', 'Restic completed in 172800s'];
  const { text } = logOf([started, ...Array.from({ length: 20_000 }, () => progress), ...end]);
  expect(parseRestoreLog(text)).toMatchObject({ snapshotId: '20c65a2f', entries: 4 });
  expect(saysDone(text)).toBe(true);
});

it('keeps the first error of a hundred thousand', () => {
  const errors = Array.from({ length: 100_000 }, (_, index) => `ignoring error for /${index}: lchown: not permitted`);
  expect(moverComplaint(logOf([started, ...errors, 'Fatal: There were 100000 errors']).text)).toBe(
    'ignoring error for /0: lchown: not permitted (Fatal: There were 100000 errors)',
  );
});

it('holds at most 256 KiB, whatever is said', () => {
  const line = fc.oneof(
    fc.constantFrom(4096, 4000, 1, 0).map((length) => 'x'.repeat(length)),
    fc.constant(`Fatal: ${'x'.repeat(4000)}`),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 300 }), fc.integer({ min: 1, max: 20 }), (lines, times) => {
      const log = logOf(Array.from({ length: times }, () => lines).flat());
      expect(log.text.length).toBeLessThanOrEqual(128 * 1024 + 8 * 4096 + 600);
    }),
    { numRuns: 50 },
  );
});
