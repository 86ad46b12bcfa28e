import type { BackupPolicy } from '../api/backup-policy.ts';
import { TIER_LABEL } from '../api/labels.ts';
import type { Destination, ProbeResult } from '../destinations/destination.ts';
import { type ElsewhereSources, probeElsewhere } from '../destinations/elsewhere.ts';
import { repositoryPath } from '../destinations/layout.ts';
import { readLedger, rememberedSnapshot } from '../destinations/ledger.ts';
import { stepsWithin } from '../destinations/time-limit.ts';
import type { ProbeFact } from '../domain/admission.ts';
import type { ClaimFacts } from '../domain/claim.ts';
import { decideElsewhere } from '../domain/elsewhere.ts';
import { newStoreWarning } from '../domain/new-store.ts';
import { youngTierDoubt } from '../domain/young-tier.ts';
import { UnreadableObjectError } from '../kube/model/unreadable-object.ts';

/** Where a claim's destination, and all others, are looked up, at once and without asking anybody. */
export interface ProbeSources extends ElsewhereSources {
  /** Throws UnreadableObjectError for a policy of unknown content. */
  readonly policy: (tier: string) => BackupPolicy | undefined;
  /** All that can be read. */
  readonly policies: () => readonly BackupPolicy[];
}

/** What came of a question; `notAsked`: something was missing to ask it. */
export type ProbeReport = (answer: ProbeResult['kind'] | 'notAsked', durationSeconds: number) => void;

export interface ProbeOptions {
  /** For all questions together. */
  readonly budgetMilliseconds: number;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly report?: ProbeReport | undefined;
}

/**
 * Asks the claim's destination whether a backup of it exists, and all others before it answers that there is none.
 * Whatever keeps one of them from answering is unknown, never none.
 */
export async function probeClaim(sources: ProbeSources, claim: ClaimFacts, options: ProbeOptions): Promise<ProbeFact> {
  const { budgetMilliseconds, now, report = () => undefined } = options;
  const startedAt = performance.now();
  const question = findQuestion(sources, claim, budgetMilliseconds);
  if (typeof question === 'string') {
    report('notAsked', 0);
    return unknown(question);
  }
  const fact = await ask(sources, question, { budgetMilliseconds, now: now() });
  report(fact.kind, (performance.now() - startedAt) / 1000);
  return fact;
}

const unknown = (message: string): ProbeFact => ({ kind: 'unknown', message });

/** What is asked of the claim's own destination. */
interface Question {
  readonly policy: BackupPolicy;
  readonly destination: Destination;
  readonly claim: { readonly namespace: string; readonly claim: string };
}

interface Limits {
  readonly budgetMilliseconds: number;
  readonly now: number;
}

async function ask(sources: ProbeSources, question: Question, limits: Limits): Promise<ProbeFact> {
  const options = { timeoutMilliseconds: limits.budgetMilliseconds };
  const step = stepsWithin(options);
  const result = await question.destination.probe(repositoryPath(question.claim), options);
  if (result.kind === 'unknown') return unknown(`${result.reason}: ${result.message}`);
  if (result.kind === 'exists') return result;
  return await confirmNone(sources, question, { budgetMilliseconds: step().timeoutMilliseconds, now: limits.now });
}

/**
 * An empty listing alone does not count: a claim that the ledger knows had backups, so its repository was emptied or moved;
 * and another destination may hold them. Asked only when the listing is empty, so that a cluster that comes back costs
 * its store one request a claim, and both at the same time.
 */
async function confirmNone(sources: ProbeSources, question: Question, limits: Limits): Promise<ProbeFact> {
  const { destination, claim, policy } = question;
  const options = { timeoutMilliseconds: limits.budgetMilliseconds };
  const own = policy.spec.destination;
  const [ledger, answers] = await Promise.all([
    readLedger(destination, claim, options),
    probeElsewhere(sources, { claim, own }, options),
  ]);
  if (!ledger.ok) return unknown(`${ledger.reason}: ${ledger.message}`);
  const remembered = rememberedSnapshot(ledger.value);
  if (remembered !== undefined) {
    const { snapshotId, time } = remembered;
    return unknown(
      `the ledger remembers snapshot ${snapshotId.slice(0, 8)} of ${time}, but the repository holds none.`,
    );
  }
  const decision = decideElsewhere({ own, answers, nowMilliseconds: limits.now });
  switch (decision.kind) {
    case 'restore':
      return { kind: 'exists', destination: decision.destination };
    case 'hold':
      return unknown(`${decision.reason}: ${decision.message}.`);
    case 'none':
      return believedNone(sources, policy, limits.now);
  }
}

function believedNone(sources: ProbeSources, policy: BackupPolicy, nowMilliseconds: number): ProbeFact {
  const doubt = youngTierDoubt(policy, sources.policies(), nowMilliseconds);
  if (doubt !== undefined) return unknown(`YoungTier: ${doubt}.`);
  const destination = sources.destinations().find(({ key }) => key === policy.spec.destination)?.current;
  const isPinned = destination?.spec.identity !== undefined;
  const { initializedTime } = destination?.status ?? {};
  return { kind: 'none', warning: newStoreWarning({ isPinned, initializedTime, nowMilliseconds }) };
}

/** What to ask whom, or why nobody can be asked. */
function findQuestion(sources: ProbeSources, claim: ClaimFacts, budgetMilliseconds: number): Question | string {
  if (budgetMilliseconds <= 0) return 'there was no time left to ask the destination.';
  if (!canHaveRepository(claim)) return 'a claim of this name can have no repository.';
  const policy = findPolicy(sources, claim.labels[TIER_LABEL] ?? '');
  if (typeof policy === 'string') return policy;
  const opened = sources.openStore(policy.spec.destination);
  if (!opened.ok) return opened.message;
  return { policy, destination: opened.destination, claim: { namespace: claim.namespace, claim: claim.name } };
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
