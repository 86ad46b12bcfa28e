import { Cron } from 'croner';

/** How many backups start in each minute. */
export interface MinuteLoad {
  readonly peakPerMinute: number;
  /** Over the minutes that the schedules are spread over. */
  readonly meanPerMinute: number;
}

/** A Monday, 00:00 UTC. */
const from = Date.UTC(2026, 0, 5);

/**
 * Counts the starts of cron expressions minute by minute.
 * @param hours length of the window, beginning at 00:00 UTC, that the policy spreads its schedules over.
 */
export function minuteLoad(expressions: readonly string[], hours: number): MinuteLoad {
  const minutes = hours * 60;
  const starts = new Array<number>(minutes).fill(0);
  const times = new Map<string, readonly number[]>();
  for (const expression of expressions) {
    const known = times.get(expression) ?? startMinutes(expression, minutes);
    times.set(expression, known);
    for (const minute of known) starts[minute] = (starts[minute] ?? 0) + 1;
  }
  const total = starts.reduce((sum, count) => sum + count, 0);
  return { peakPerMinute: Math.max(...starts), meanPerMinute: total / minutes };
}

function startMinutes(expression: string, minutes: number): number[] {
  const cron = new Cron(expression, { timezone: 'UTC', paused: true });
  const until = from + minutes * 60_000;
  const found: number[] = [];
  for (let at = cron.nextRun(new Date(from - 1_000)); at !== null && at.getTime() < until; at = cron.nextRun(at)) {
    found.push((at.getTime() - from) / 60_000);
  }
  return found;
}
