import { judgeCollapse, largestOf, type VolumeContent } from '../domain/collapse.ts';
import {
  type ClaimRecord,
  type GoodBackup,
  type HistoricBackup,
  type OpenCollapse,
  type RecordedRun,
  RUNS_LIMIT,
  withGoodBackup,
} from './ledger.ts';

/** A run that ended and left a snapshot, before it was judged. */
export interface EndedRun {
  readonly snapshotId: string;
  /** RFC 3339. */
  readonly time: string;
  /** RFC 3339; absent where an early record does not say it. */
  readonly endedAt?: string | undefined;
  /** False when the backup left out what it could not read. */
  readonly whole: boolean;
  /** Absent where the snapshot has no counts (restic before 0.17). */
  readonly content?: (VolumeContent & { readonly directories: number }) | undefined;
}

/** Who records a run, and when. */
export interface Recording {
  /** UID of the cluster. */
  readonly writer: string;
  /** RFC 3339. */
  readonly recordedAt: string;
  /** The user says that size and number of files mean nothing here. */
  readonly ignoreCollapse: boolean;
}

const DAY_MILLISECONDS = 86_400_000;
/** A good backup is a yardstick for this long. */
const YARDSTICK_MILLISECONDS = 30 * DAY_MILLISECONDS;

const milliseconds = ({ time }: { readonly time: string }): number => Date.parse(time);

const newestFirst = (runs: readonly RecordedRun[]): RecordedRun[] =>
  runs.toSorted((a, b) => milliseconds(b) - milliseconds(a));

/** The good backups that a record knows the size of, each once. */
function knownGood(record: ClaimRecord): readonly HistoricBackup[] {
  const runs = (record.runs ?? []).flatMap(({ result, snapshotId, time, sizeBytes, files }) =>
    result !== 'good' || sizeBytes === undefined || files === undefined ? [] : [{ snapshotId, time, sizeBytes, files }],
  );
  const last = record.lastGoodBackup === undefined ? [] : [record.lastGoodBackup];
  return [...new Map([...(record.history ?? []), ...last, ...runs].map((one) => [one.snapshotId, one])).values()];
}

/**
 * What a snapshot taken at `time` is compared with: the largest good backups of the last 30 days, the last one whatever its
 * age, and what an open collapse was measured against. What is older than a collapse that was accepted counts no more.
 */
export function yardsticksOf(record: ClaimRecord, time: string): readonly HistoricBackup[] {
  const accepted = record.acceptedCollapse === undefined ? 0 : milliseconds(record.acceptedCollapse);
  const since = Date.parse(time) - YARDSTICK_MILLISECONDS;
  const lastId = record.lastGoodBackup?.snapshotId;
  const counting = knownGood(record)
    .filter((one) => milliseconds(one) >= accepted)
    .filter((one) => milliseconds(one) >= since || one.snapshotId === lastId);
  const open = record.collapse === undefined ? [] : [record.collapse.yardstick];
  return largestOf([...counting, ...open]);
}

/** The record after one more run. A run that it knows already changes nothing. */
export function withRun(record: ClaimRecord, run: EndedRun, recording: Recording): ClaimRecord {
  if (record.runs?.some((known) => known.snapshotId === run.snapshotId) === true) return record;
  const { snapshotId, time, content, endedAt } = run;
  const recorded = (result: RecordedRun['result']): RecordedRun => ({
    snapshotId,
    time,
    result,
    ...content,
    ...(endedAt === undefined ? {} : { endedAt }),
    writer: recording.writer,
  });
  if (!run.whole) return withRecorded(record, recorded('partial'), recording);
  const verdict =
    content === undefined || recording.ignoreCollapse
      ? ({ collapsed: false } as const)
      : judgeCollapse(yardsticksOf(record, time), content);
  if (!verdict.collapsed) return asGood(record, recorded('good'), recording);
  const collapse = record.collapse ?? { snapshotId, since: time, yardstick: verdict.yardstick };
  const named = { ...collapse, snapshotId: collapse.snapshotId ?? snapshotId };
  return { ...withRecorded(record, recorded('collapsed'), recording), collapse: named };
}

function asGood(record: ClaimRecord, run: RecordedRun, recording: Recording): ClaimRecord {
  const next = withRecorded(record, run, recording);
  const good = goodBackupOf(run);
  if (good === undefined) return next;
  const last = record.lastGoodBackup;
  const isNewest = last === undefined || milliseconds(run) >= milliseconds(last);
  const { collapse: _over, ...recovered } = next;
  return isNewest ? withGoodBackup(recovered, good, recording.recordedAt) : next;
}

function goodBackupOf({ snapshotId, time, sizeBytes, files, directories }: RecordedRun): GoodBackup | undefined {
  if (sizeBytes === undefined || files === undefined || directories === undefined) return undefined;
  return { snapshotId, time, sizeBytes, files, directories };
}

function withRecorded(record: ClaimRecord, run: RecordedRun, { recordedAt }: Recording): ClaimRecord {
  const others = (record.runs ?? []).filter((known) => known.snapshotId !== run.snapshotId);
  return { ...record, recordedAt, runs: remembered([run, ...others]) };
}

/** Of older runs the largest good ones of each day are remembered, as they are yardsticks; of the newest all. */
function remembered(runs: readonly RecordedRun[]): RecordedRun[] {
  const ordered = newestFirst(runs);
  if (ordered.length <= RUNS_LIMIT) return ordered;
  const days = Map.groupBy(
    ordered
      .filter((run) => run.result === 'good')
      .map((run) => ({ ...run, sizeBytes: run.sizeBytes ?? 0, files: run.files ?? 0 })),
    (run) => Math.floor(milliseconds(run) / DAY_MILLISECONDS),
  );
  const yardsticks = [...days.values()].slice(0, YARDSTICK_MILLISECONDS / DAY_MILLISECONDS).flatMap(largestOf);
  const kept = new Set(yardsticks.map((run) => run.snapshotId));
  const newest = ordered.find((run) => run.result === 'good');
  if (newest !== undefined) kept.add(newest.snapshotId);
  const room = RUNS_LIMIT - kept.size;
  const others = ordered.filter((run) => !kept.has(run.snapshotId)).slice(0, room);
  const all = new Set([...kept, ...others.map((run) => run.snapshotId)]);
  return ordered.filter((run) => all.has(run.snapshotId));
}

/** The record after a run that found no file in the volume. Where there was a backup, that is a collapse. */
export function withEmptyVolume(record: ClaimRecord, endedAt: string, recording: Recording): ClaimRecord {
  const [yardstick] = yardsticksOf(record, endedAt);
  if (yardstick === undefined || record.collapse !== undefined || recording.ignoreCollapse) return record;
  return { ...record, recordedAt: recording.recordedAt, collapse: { since: endedAt, yardstick } };
}

/** Digits of a snapshot's id that a person must give. */
const SHORTEST_ID = 8;

/** The run whose content a person declares right by naming it. */
function acceptedRun(record: ClaimRecord, collapse: OpenCollapse, named: string): RecordedRun | undefined {
  if (named.length < SHORTEST_ID) return undefined;
  const since = Date.parse(collapse.since);
  const isMeant = (run: RecordedRun): boolean => run.snapshotId === collapse.snapshotId || milliseconds(run) >= since;
  return record.runs?.find((one) => one.snapshotId.startsWith(named) && isMeant(one) && one.result !== 'partial');
}

/**
 * The record after its user has accepted the open collapse: by a snapshot, the collapsed one or any since; by the moment at
 * which it began, for a volume that was found empty. So an annotation that stays where it is answers no later collapse. What
 * is older than what was named is no yardstick any more; what came after is judged anew.
 */
export function withAcceptedCollapse(record: ClaimRecord, named: string, recording: Recording): ClaimRecord {
  const { collapse, ...rest } = record;
  if (collapse === undefined) return record;
  const settled = { ...rest, recordedAt: recording.recordedAt };
  if (Date.parse(named) === Date.parse(collapse.since)) return emptinessAccepted(settled, collapse, recording);
  const accepted = acceptedRun(record, collapse, named);
  return accepted === undefined ? record : acceptedUpTo(settled, accepted, recording);
}

/** That the volume held nothing is right; what it has held since is judged anew. */
function emptinessAccepted(record: ClaimRecord, { since }: OpenCollapse, recording: Recording): ClaimRecord {
  const runs = (record.runs ?? []).filter((run) => run.result !== 'collapsed');
  return judgedAnew({ ...record, runs, acceptedCollapse: { time: since } }, collapsedOf(record), recording);
}

const collapsedOf = ({ runs = [] }: ClaimRecord): RecordedRun[] => runs.filter((run) => run.result === 'collapsed');

/** @param runs newest first; the record has none of them. */
const judgedAnew = (record: ClaimRecord, runs: readonly RecordedRun[], recording: Recording): ClaimRecord =>
  runs.toReversed().reduce((known, run) => withRun(known, endedRunOf(run), recording), record);

function acceptedUpTo(record: ClaimRecord, accepted: RecordedRun, recording: Recording): ClaimRecord {
  const { snapshotId, time } = accepted;
  const later = collapsedOf(record).filter((run) => milliseconds(run) > milliseconds(accepted));
  const settled = (record.runs ?? [])
    .filter((run) => !later.includes(run))
    .map((run) => (run.result === 'collapsed' ? { ...run, result: 'good' as const } : run));
  const base = { ...record, runs: settled, acceptedCollapse: { snapshotId, time } };
  return judgedAnew(asGood(base, { ...accepted, result: 'good' }, recording), later, recording);
}

function endedRunOf(run: RecordedRun): EndedRun {
  const { snapshotId, time, endedAt } = run;
  const good = goodBackupOf(run);
  return {
    snapshotId,
    time,
    endedAt,
    whole: true,
    content: good && { sizeBytes: good.sizeBytes, files: good.files, directories: good.directories },
  };
}

/** The record without its collapse, all that was collapsed being good: the user says that size means nothing here. */
export function withCollapseIgnored(record: ClaimRecord, recording: Recording): ClaimRecord {
  if (record.collapse === undefined) return record;
  const newest = record.runs?.find((run) => run.result === 'collapsed');
  const { collapse: _ignored, ...rest } = { ...record, recordedAt: recording.recordedAt };
  if (newest !== undefined) return acceptedUpTo(rest, newest, recording);
  return { ...rest, acceptedCollapse: { time: recording.recordedAt } };
}
