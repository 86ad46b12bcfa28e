import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type ClaimRecord, RUNS_LIMIT, parseClaimRecord } from './ledger.ts';
import { type EndedRun, withAcceptedCollapse, withEmptyVolume, withRun, yardsticksOf } from './ledger-runs.ts';

const HOUR_MILLISECONDS = 3_600_000;
const time = (hour: number): string => new Date(Date.UTC(2030, 0, 1) + hour * HOUR_MILLISECONDS).toISOString();
const id = (hour: number): string => (hour + 1).toString(16).padStart(8, '0').padEnd(64, 'a');
const recording = { writer: 'us', recordedAt: time(0), ignoreCollapse: false };
const empty: ClaimRecord = {
  version: 1,
  namespace: 'shop',
  claim: 'db',
  claimUid: 'uid',
  policy: 'hourly',
  recordedAt: time(0),
};

const run = (hour: number, files: number, whole = true): EndedRun => ({
  snapshotId: id(hour),
  time: time(hour),
  whole,
  content: { files, directories: 1, sizeBytes: files * 1000 },
});

const after = (runs: readonly EndedRun[], record = empty): ClaimRecord =>
  runs.reduce((known, one) => withRun(known, one, recording), record);

const story = fc.array(fc.tuple(fc.nat({ max: 200 }), fc.boolean()), { maxLength: 30 });

describe('a record after one more run', () => {
  it('remembers each run once, and reads back', () => {
    fc.assert(
      fc.property(story, (steps) => {
        const runs = steps.map(([files, whole], hour) => run(hour, files, whole));
        const record = after(runs);
        expect(after(runs, record)).toEqual(record);
        expect(record.runs?.map((one) => one.snapshotId) ?? []).toEqual(runs.map((one) => one.snapshotId).reverse());
        const key = { namespace: 'shop', claim: 'db' };
        expect(parseClaimRecord(key, Buffer.from(JSON.stringify(record)))).toMatchObject({ ok: true });
      }),
    );
  });

  it('invariant 11: never vouches for a partial or a collapsed one', () => {
    fc.assert(
      fc.property(story, (steps) => {
        const record = after(steps.map(([files, whole], hour) => run(hour, files, whole)));
        const bad = record.runs?.filter(({ result }) => result !== 'good').map((one) => one.snapshotId) ?? [];
        expect(bad).not.toContain(record.lastGoodBackup?.snapshotId);
        for (const [hour, [, whole]] of steps.entries()) if (!whole) expect(bad).toContain(id(hour));
        expect(record.lastGoodBackup?.snapshotId).toBe(record.runs?.find((one) => one.result === 'good')?.snapshotId);
      }),
    );
  });

  it('invariant 3: has an open collapse exactly while its newest whole run is a collapsed one', () => {
    fc.assert(
      fc.property(story, (steps) => {
        const record = after(steps.map(([files, whole], hour) => run(hour, files, whole)));
        const newest = record.runs?.find((one) => one.result !== 'partial');
        expect(record.collapse !== undefined).toBe(newest?.result === 'collapsed');
      }),
    );
  });

  it('stays bounded however often a mover fails, and forgets neither the last good run nor the largest of each day', () => {
    const daily = Array.from({ length: 30 }, (_, day) => run(day * 24, 100));
    const failed = Array.from({ length: 2 * RUNS_LIMIT }, (_, count) => run(1000 + count, 1, false));
    const record = after(failed, after(daily));
    expect(record.runs).toHaveLength(RUNS_LIMIT);
    expect(record.runs?.filter((one) => one.result === 'good')).toHaveLength(30);
    expect(record.runs?.[0]?.snapshotId).toBe(failed.at(-1)?.snapshotId);
  });
});

describe('what a new snapshot is compared with', () => {
  it('is the largest of the last 30 days, and the last good one whatever its age', () => {
    const record = after([run(0, 90), run(24, 100), run(48, 60)]);
    expect(yardsticksOf(record, time(72)).map((one) => one.files)).toEqual([100]);
    expect(yardsticksOf(record, time(48 + 31 * 24)).map((one) => one.files)).toEqual([60]);
  });

  it('is what a record of an earlier version remembers', () => {
    const history = [{ snapshotId: id(0), time: time(0), files: 100, sizeBytes: 1 }];
    expect(after([run(1, 10)], { ...empty, history }).runs?.[0]?.result).toBe('collapsed');
  });
});

describe('accepting a collapse', () => {
  it('makes all that fell no further than the snapshot named a good one, and nothing older a yardstick', () => {
    const record = after([run(0, 100), run(1, 40), run(2, 39), run(3, 5)]);
    const accepted = withAcceptedCollapse(record, id(1).slice(0, 8), recording);
    expect(accepted.runs?.map((one) => one.result)).toEqual(['collapsed', 'good', 'good', 'good']);
    expect(accepted.lastGoodBackup?.snapshotId).toBe(id(2));
    expect(accepted.collapse).toMatchObject({ snapshotId: id(3), yardstick: { files: 40 } });
  });

  it.each([
    ['a snapshot of before', id(0).slice(0, 8)],
    ['a partial one', id(2).slice(0, 8)],
    ['one that is not known', 'ffffffff'],
    ['too few digits', id(1).slice(0, 7)],
  ])('does not take %s for an answer', (_, named) => {
    const record = after([run(0, 100), run(1, 40), run(2, 20, false)]);
    expect(withAcceptedCollapse(record, named, recording)).toBe(record);
  });

  it('takes the moment at which a volume was found empty, and judges anew what it has held since', () => {
    const record = withEmptyVolume(after([run(0, 100)]), time(1), recording);
    expect(record.collapse).toMatchObject({ since: time(1), yardstick: { files: 100 } });
    const accepted = withAcceptedCollapse(record, time(1), recording);
    expect(accepted.collapse).toBeUndefined();
    expect(withEmptyVolume(accepted, time(2), recording)).toBe(accepted);
    const fallen = after([run(2, 40), run(3, 1)], record);
    expect(fallen.collapse).toMatchObject({ since: time(1), snapshotId: id(2) });
    const later = withAcceptedCollapse(fallen, time(1), recording);
    expect(later.lastGoodBackup?.snapshotId).toBe(id(2));
    expect(later.collapse).toMatchObject({ snapshotId: id(3), yardstick: { files: 40 } });
  });

  it('of a fall is none of the emptying that follows, though the same annotation names the last good one', () => {
    const fallen = after([run(0, 100), run(1, 40)]);
    const named = id(1).slice(0, 8);
    const accepted = withAcceptedCollapse(fallen, named, recording);
    expect(accepted.collapse).toBeUndefined();
    const emptied = withEmptyVolume(accepted, time(2), recording);
    expect(withAcceptedCollapse(emptied, named, recording).collapse).toMatchObject({ since: time(2) });
  });

  it('of an emptying is none of the one that follows a good backup', () => {
    const first = withAcceptedCollapse(withEmptyVolume(after([run(0, 100)]), time(1), recording), time(1), recording);
    const second = withEmptyVolume(after([run(2, 100)], first), time(3), recording);
    expect(withAcceptedCollapse(second, time(1), recording)).toBe(second);
  });

  it('has nothing to say of a volume that was always empty', () => {
    expect(withEmptyVolume(empty, time(1), recording)).toBe(empty);
  });
});
