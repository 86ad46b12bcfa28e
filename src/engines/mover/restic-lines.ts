import { z } from 'zod';
import type { MoverProgress } from '../../domain/restore-progress.ts';
import type { UnreadableFiles } from '../engine.ts';

// What restic 0.18 prints with --json, a line each (https://restic.readthedocs.io, "Scripting").
const status = z.object({
  message_type: z.literal('status'),
  total_bytes: z.number().default(0),
  bytes_done: z.number().optional(),
  bytes_restored: z.number().optional(),
  bytes_skipped: z.number().optional(),
});
const problem = z.object({
  message_type: z.literal('error'),
  error: z.object({ message: z.string() }),
  item: z.string().default(''),
});
const exitError = z.object({ message_type: z.literal('exit_error'), message: z.string() });
const line = z.union([status, problem, exitError]);

export type ResticLine = z.infer<typeof line>;

/** Understands one line; undefined for any other, of which there are many. */
export function parseResticLine(text: string): ResticLine | undefined {
  try {
    return line.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Where restic was when it said its last; undefined where it did not say it yet. */
export function progressOf(log: string): MoverProgress | undefined {
  const last = log
    .split('\n')
    .map(parseResticLine)
    .findLast((one) => one?.message_type === 'status');
  if (last?.message_type !== 'status') return undefined;
  const { total_bytes: totalBytes, bytes_done, bytes_restored, bytes_skipped } = last;
  return { doneBytes: bytes_done ?? (bytes_restored ?? 0) + (bytes_skipped ?? 0), totalBytes };
}

const LONGEST_COMPLAINT = 300;

/**
 * What restic says was wrong, on one line of at most 300 characters: the first thing that went wrong with a file, then its
 * verdict. What is no JSON counts as its verdict where it says "Fatal". Undefined where it says nothing.
 */
export function resticComplaint(log: string): string | undefined {
  const lines = log.split('\n');
  const parsed = lines.map(parseResticLine).filter((one) => one !== undefined);
  const first = parsed.find((one) => one.message_type === 'error');
  const verdict =
    parsed.findLast((one) => one.message_type === 'exit_error')?.message ??
    lines.findLast((text) => text.startsWith('Fatal:'));
  const cause = first === undefined ? undefined : `${first.item}: ${first.error.message}`.replace(/^: /, '');
  const words = [cause, verdict].filter((one) => one !== undefined && one !== '').join('; ');
  return words === '' ? undefined : oneLine(words).slice(0, LONGEST_COMPLAINT);
}

/** How many unreadable files are named. */
const NAMED_FILES = 3;
const LONGEST_NAME = 120;

/** The files that restic says it could not read. Where only the end of its log is known, there may be more. */
export function unreadableFiles(log: string): UnreadableFiles {
  const told = log
    .split('\n')
    .map(parseResticLine)
    .flatMap((one) => (one?.message_type === 'error' ? [oneLine(`${one.item}: ${one.error.message}`)] : []));
  const each = [...new Set(told)];
  return { count: each.length, first: each.slice(0, NAMED_FILES).map((words) => words.slice(0, LONGEST_NAME)) };
}

const oneLine = (text: string): string =>
  text
    .replace(/^: /, '')
    .replaceAll(/[\s\p{Cc}]+/gu, ' ')
    .trim();
