import { type LookReport, lookReport } from '../../domain/look-report.ts';
import type { Pod } from '../../kube/model/built-in-kinds.ts';
import { clause } from '../../kube/model/clause.ts';
import { hasEnded } from '../../kube/model/pod-life.ts';
import { stuckWords, unscheduledWords } from '../../kube/model/unstarted-pod.ts';
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
  const { reason = '', message = '' } = status ?? {};
  if (hasEnded({ status })) return { kind: 'failed', why: clause(`its pod ended: ${reason} ${message}`) };
  const why = unscheduledWords(status) ?? stuckWords(containerState(status)?.waiting);
  return { kind: 'pending', why: why === undefined ? undefined : clause(why) };
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
