import { type LookReport, lookReport } from '../../domain/look-report.ts';
import type { Event, Pod } from '../../kube/model/built-in-kinds.ts';
import { LOOK_CONTAINER } from './look-pod.ts';

export type LookOutcome =
  | { readonly kind: 'seen'; readonly report: LookReport }
  /** It ended without an answer. `why` is a clause without its full stop. */
  | { readonly kind: 'failed'; readonly why: string }
  /** It has not ended yet; `why` is absent where nothing keeps it, as far as its pod says. */
  | { readonly kind: 'pending'; readonly why?: string | undefined };

/** What a look into a volume has found, or what keeps it. Only a report that was written whole counts. */
export function outcomeOf({ status }: Pod): LookOutcome {
  const exit = containerState(status)?.terminated;
  if (exit !== undefined) return outcomeOfExit(exit);
  const { phase, reason = '', message = '' } = status ?? {};
  const hasEnded = phase === 'Failed' || phase === 'Succeeded';
  if (hasEnded) return { kind: 'failed', why: clause(`its pod ended: ${reason} ${message}`) };
  return { kind: 'pending', why: unscheduledWords(status) ?? stuckWords(status) };
}

/** Others may have put containers of theirs into the pod. */
const containerState = (status: Pod['status']) =>
  status?.containerStatuses?.find(({ name }) => name === LOOK_CONTAINER)?.state;

interface Exit {
  readonly exitCode: number;
  readonly reason?: string | undefined;
  readonly message?: string | undefined;
}

function outcomeOfExit({ exitCode, reason, message }: Exit): LookOutcome {
  const report = exitCode === 0 ? readReport(message) : undefined;
  if (report !== undefined) return { kind: 'seen', report };
  const words = clause(message ?? reason ?? '');
  return { kind: 'failed', why: words === '' ? `it ended without a word (exit code ${exitCode})` : words };
}

function readReport(message = ''): LookReport | undefined {
  try {
    return lookReport.safeParse(JSON.parse(message)).data;
  } catch {
    // Cut short, or written by something else: no answer.
    return undefined;
  }
}

/** Reasons of a waiting container that pass by themselves, as a rule within seconds. */
const passing: readonly string[] = ['ContainerCreating', 'PodInitializing'];

function unscheduledWords(status: Pod['status']): string | undefined {
  const refused = status?.conditions?.find((one) => one.type === 'PodScheduled' && one.status === 'False');
  return refused === undefined ? undefined : clause(refused.message ?? refused.reason ?? '');
}

function stuckWords(status: Pod['status']): string | undefined {
  const waiting = containerState(status)?.waiting;
  if (waiting?.reason === undefined || passing.includes(waiting.reason)) return undefined;
  return clause(`${waiting.reason} ${waiting.message ?? ''}`);
}

/** What the newest of the warnings about a pod says. */
export function newestWarning(warnings: readonly Event[]): string | undefined {
  const newest = warnings.toSorted((a, b) => (b.lastTimestamp ?? '').localeCompare(a.lastTimestamp ?? '')).at(0);
  return newest?.message === undefined ? undefined : clause(newest.message);
}

const clause = (text: string): string => text.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '');
