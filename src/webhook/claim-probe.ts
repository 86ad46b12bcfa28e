import type { BackupPolicy } from '../api/backup-policy.ts';
import { TIER_LABEL } from '../api/labels.ts';
import type { OpenedStore, Unopened } from '../destinations/catalog.ts';
import type { Destination, ProbeResult } from '../destinations/destination.ts';
import { repositoryPath } from '../destinations/layout.ts';
import { readLedger, rememberedSnapshot } from '../destinations/ledger.ts';
import type { ProbeFact } from '../domain/admission.ts';
import type { ClaimFacts } from '../domain/claim.ts';
import { UnreadableObjectError } from '../kube/store.ts';

/** Where a claim's destination is looked up, at once and without asking anybody. */
export interface ProbeSources {
  /** Throws UnreadableObjectError for a policy of unknown content. */
  readonly policy: (tier: string) => BackupPolicy | undefined;
  readonly openStore: (destinationName: string) => OpenedStore | Unopened;
}

/** What came of a question; `notAsked`: something was missing to ask it. */
export type ProbeReport = (answer: ProbeResult['kind'] | 'notAsked', durationSeconds: number) => void;

/**
 * Asks the claim's destination whether a backup of it exists. Whatever keeps the destination from answering is unknown,
 * never none.
 */
export async function probeClaim(
  sources: ProbeSources,
  claim: ClaimFacts,
  budgetMilliseconds: number,
  report: ProbeReport = () => undefined,
): Promise<ProbeFact> {
  const startedAt = performance.now();
  const destination = findDestination(sources, claim, budgetMilliseconds);
  if (typeof destination === 'string') {
    report('notAsked', 0);
    return unknown(destination);
  }
  const fact = await ask(destination, claim, budgetMilliseconds);
  report(fact.kind, (performance.now() - startedAt) / 1000);
  return fact;
}

const unknown = (message: string): ProbeFact => ({ kind: 'unknown', message });

async function ask(destination: Destination, claim: ClaimFacts, budgetMilliseconds: number): Promise<ProbeFact> {
  const deadline = performance.now() + budgetMilliseconds;
  const key = { namespace: claim.namespace, claim: claim.name };
  const result = await destination.probe(repositoryPath(key), { timeoutMilliseconds: budgetMilliseconds });
  if (result.kind === 'unknown') return unknown(`${result.reason}: ${result.message}`);
  if (result.kind === 'exists') return result;
  return confirmNone(destination, key, Math.max(0, deadline - performance.now()));
}

/**
 * A claim that the ledger knows had backups: its repository was emptied or moved, so there may be one yet. Asked only when
 * the listing is empty, so that a cluster that comes back costs its store one request a claim.
 */
async function confirmNone(
  destination: Destination,
  key: { readonly namespace: string; readonly claim: string },
  timeoutMilliseconds: number,
): Promise<ProbeFact> {
  const ledger = await readLedger(destination, key, { timeoutMilliseconds });
  if (!ledger.ok) return unknown(`${ledger.reason}: ${ledger.message}`);
  const remembered = rememberedSnapshot(ledger.value);
  if (remembered === undefined) return { kind: 'none' };
  const { snapshotId, time } = remembered;
  return unknown(`the ledger remembers snapshot ${snapshotId.slice(0, 8)} of ${time}, but the repository holds none.`);
}

/** The destination, or why it cannot be asked. */
function findDestination(sources: ProbeSources, claim: ClaimFacts, budgetMilliseconds: number): Destination | string {
  if (budgetMilliseconds <= 0) return 'there was no time left to ask the destination.';
  if (!canHaveRepository(claim)) return 'a claim of this name can have no repository.';
  const policy = findPolicy(sources, claim.labels[TIER_LABEL] ?? '');
  if (typeof policy === 'string') return policy;
  const opened = sources.openStore(policy.spec.destination);
  return opened.ok ? opened.destination : opened.message;
}

/** False for names that the API server will refuse: admission sees them before they are checked. */
function canHaveRepository({ namespace, name }: ClaimFacts): boolean {
  try {
    repositoryPath({ namespace, claim: name });
    return true;
  } catch {
    return false;
  }
}

function findPolicy(sources: ProbeSources, tier: string): BackupPolicy | string {
  try {
    return sources.policy(tier) ?? `BackupPolicy "${tier}" has just been removed.`;
  } catch (error) {
    if (error instanceof UnreadableObjectError) return `BackupPolicy ${error.message}`;
    throw error;
  }
}
