import { rfc3339 } from '../time/rfc3339.ts';

/** How far a mover is. */
export interface MoverProgress {
  readonly doneBytes: number;
  /** As far as it is known: a backup still looks for more. */
  readonly totalBytes: number;
}

/** How far an attempt to restore is, and since when it was watched; times as RFC 3339. */
export interface RestoreProgress extends MoverProgress {
  readonly attempt: number;
  /** When it was first heard, and how far it was then. */
  readonly startTime: string;
  readonly startBytes: number;
  /** When it said this. */
  readonly time: string;
}

/** What a mover said, and when. */
interface Said extends MoverProgress {
  readonly attempt: number;
  /** Milliseconds since 1970. */
  readonly nowMilliseconds: number;
}

/** The record of what a mover says now; an attempt's first word begins a new one. */
export function progressAfter(before: RestoreProgress | undefined, said: Said): RestoreProgress {
  const { attempt, doneBytes, nowMilliseconds } = said;
  const totalBytes = Math.max(said.totalBytes, doneBytes);
  const time = rfc3339(nowMilliseconds);
  const isSame = before?.attempt === attempt && before.doneBytes <= doneBytes;
  const { startTime, startBytes } = isSame ? before : { startTime: time, startBytes: doneBytes };
  return { attempt, doneBytes, totalBytes, startTime, startBytes, time };
}

const MILESTONES = 4;

const milestoneOf = ({ doneBytes, totalBytes }: MoverProgress): number =>
  totalBytes === 0 ? 0 : Math.floor((MILESTONES * doneBytes) / totalBytes);

/** Whether another quarter is done since: what is worth an event. The whole is told by the proof. */
export function passesMilestone(before: RestoreProgress | undefined, after: RestoreProgress): boolean {
  const former = before?.attempt === after.attempt ? milestoneOf(before) : 0;
  return milestoneOf(after) > former && milestoneOf(after) < MILESTONES;
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;

/** A size as people read it: `4.2 GiB`. */
function inUnits(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10));
  const value = bytes / 1024 ** power;
  return `${power === 0 ? String(value) : value.toFixed(1)} ${UNITS[power] ?? 'B'}`;
}

const MINUTE_MILLISECONDS = 60_000;
const HOUR_MINUTES = 60;

function inMinutes(milliseconds: number): string {
  const minutes = Math.ceil(milliseconds / MINUTE_MILLISECONDS);
  if (minutes < HOUR_MINUTES) return `${String(minutes)} min`;
  return `${String(Math.floor(minutes / HOUR_MINUTES))} h ${String(minutes % HOUR_MINUTES)} min`;
}

/** How long the rest takes at the pace so far, in milliseconds; undefined before there is a pace. */
function timeToGoMilliseconds({ doneBytes, totalBytes, startBytes, startTime, time }: RestoreProgress) {
  const elapsed = Date.parse(time) - Date.parse(startTime);
  const gained = doneBytes - startBytes;
  return elapsed <= 0 || gained <= 0 ? undefined : ((totalBytes - doneBytes) * elapsed) / gained;
}

/** One clause: `1.2 GiB of 4.0 GiB (30 %), some 12 min to go at this pace`. */
export function progressInWords(progress: RestoreProgress): string {
  const { doneBytes, totalBytes } = progress;
  const percent = totalBytes === 0 ? 0 : Math.floor((100 * doneBytes) / totalBytes);
  const toGo = timeToGoMilliseconds(progress);
  const pace = toGo === undefined ? '' : `, some ${inMinutes(toGo)} to go at this pace`;
  return `${inUnits(doneBytes)} of ${inUnits(totalBytes)} (${String(percent)} %)${pace}`;
}
