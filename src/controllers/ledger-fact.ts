import type { ClaimRecord } from '../destinations/ledger.ts';
import type { Outcome } from '../destinations/outcome.ts';
import type { LedgerFact, LedgerWords } from '../domain/choice-facts.ts';
import type { SnapshotFacts } from '../domain/snapshot-facts.ts';

const factsOf = ({ snapshotId, time }: { readonly snapshotId: string; readonly time: string }): SnapshotFacts => ({
  id: snapshotId,
  timeMilliseconds: Date.parse(time),
});

/** Records that were written before runs were remembered call good what they name at all. */
export function wordsOf({ lastGoodBackup, history = [], runs = [], collapse }: ClaimRecord): LedgerWords {
  const named = [...(lastGoodBackup === undefined ? [] : [lastGoodBackup]), ...history];
  const good = new Map(
    [...named, ...runs.filter(({ result }) => result === 'good')].map((one) => [one.snapshotId, one]),
  );
  const bad = new Map<string, 'partial' | 'collapsed'>();
  for (const { snapshotId, result } of runs)
    if (result !== 'good' && !good.has(snapshotId)) bad.set(snapshotId, result);
  if (collapse?.snapshotId !== undefined && !good.has(collapse.snapshotId)) bad.set(collapse.snapshotId, 'collapsed');
  return { good: [...good.values()].map(factsOf), bad };
}

/** What a reading of a claim's ledger record means for the choice of a snapshot. */
export function ledgerFact(reading: Outcome<ClaimRecord | undefined>): LedgerFact {
  if (reading.ok)
    return reading.value === undefined ? { kind: 'absent' } : { kind: 'record', words: wordsOf(reading.value) };
  const { reason, message } = reading;
  return reason === 'InvalidRecord' ? { kind: 'corrupt' } : { kind: 'unreadable', reason, message };
}
