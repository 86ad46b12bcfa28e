import { TIER_LABEL } from '../api/labels.ts';
import { type AdmissionDecision, type AdmissionStep, decideAdmission } from '../domain/admission.ts';
import type { ClaimFacts } from '../domain/claim.ts';
import { decisionToken } from '../domain/decision-token.ts';
import { EXCLUDED_NAMESPACES } from '../domain/excluded-namespaces.ts';
import type { CopyMethod } from '../domain/uncopied-volume.ts';
import type { StorageFacts } from '../domain/waiting-claim.ts';
import { UnreadableObjectError } from '../kube/model/unreadable-object.ts';
import type { ClaimReview } from './admission-review.ts';
import type { AdmissionAnswer } from './answer.ts';
import { probeClaim, type ProbeReport, type ProbeSources } from './claim-probe.ts';
import { DENIAL_CHARACTERS, singleLine, WARNING_CHARACTERS } from './message.ts';
import { buildPatch } from './patch.ts';

/** What is known about the cluster, at once and without asking anybody. */
export interface AdmissionSources extends ProbeSources {
  /** Names of all BackupPolicies, those that cannot be read included, sorted. */
  readonly tiers: () => readonly string[];
  /** What could bind the claim. */
  readonly storage: (claim: ClaimFacts) => StorageFacts;
  /** Why nothing can be decided yet: a sentence; undefined when all is well. */
  readonly problem: () => string | undefined;
}

export interface AdmissionOptions {
  readonly sources: AdmissionSources;
  /** Makes a name that no VolumeRestore has had before. */
  readonly newRestoreName: () => string;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  readonly onDecision?: (decision: AdmissionDecision, claim: ClaimFacts) => void;
  readonly onProbe?: ProbeReport;
}

/**
 * Decides on a claim that is being created.
 *
 * @param budgetMilliseconds how long the destination may be asked; 0 for not at all.
 */
export type Admission = (review: ClaimReview, budgetMilliseconds: number) => Promise<AdmissionAnswer>;

const RETRY_AFTER_SECONDS = 2;

/** Makes the admission: facts in, probe if the decision hangs on it, answer out. It changes nothing anywhere. */
export function createAdmission(options: AdmissionOptions): Admission {
  const { sources } = options;
  return async (review, budgetMilliseconds) => {
    const { claim } = review;
    const problem = sources.problem();
    if (problem !== undefined) return withoutFacts(claim, problem);
    const facts = {
      claim,
      excludedNamespace: isExcluded(claim),
      tiers: sources.tiers(),
      storage: sources.storage(claim),
      copyMethod: copyMethodOf(sources, claim),
    };
    let step = decideAdmission(facts);
    if (step.kind === 'probe') {
      const { now, onProbe: report } = options;
      const probe = await probeClaim(sources, claim, { budgetMilliseconds, now, report });
      step = decideAdmission({ ...facts, probe });
    }
    if (step.kind === 'probe')
      throw new Error(`no decision on ${claim.namespace}/${claim.name} with an answer at hand`);
    options.onDecision?.(step, claim);
    return answerOf(review, step, {
      token: decisionToken(claim, options.now()),
      restoreName: options.newRestoreName(),
    });
  };
}

/** Undefined where the claim's tier does not exist, or can't be read: others say so. */
function copyMethodOf(sources: AdmissionSources, { labels }: ClaimFacts): CopyMethod | undefined {
  try {
    return sources.policy(labels[TIER_LABEL] ?? '')?.spec.volSync.copyMethod;
  } catch (error) {
    if (error instanceof UnreadableObjectError) return undefined;
    throw error;
  }
}

const isExcluded = (claim: ClaimFacts): boolean => EXCLUDED_NAMESPACES.includes(claim.namespace);

/** Claims that need no decision pass even before the facts are known; all others may come back soon. */
function withoutFacts(claim: ClaimFacts, problem: string): AdmissionAnswer {
  const step = decideAdmission({
    claim,
    excludedNamespace: isExcluded(claim),
    tiers: [claim.labels[TIER_LABEL] ?? ''],
    storage: { isCSIDriver: false, hasAvailableVolume: false },
  });
  if (step.kind === 'ignore' && !step.recorded) return allowed(step, []);
  return {
    kind: 'denied',
    code: 503,
    reason: 'ServiceUnavailable',
    message: `Rebound cannot decide on claims yet: ${problem}. Nothing was created; try again in a few seconds.`,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    auditAnnotations: { decision: 'retry' },
  };
}

interface AnswerMarks {
  readonly token: string;
  readonly restoreName: string;
}

function answerOf(review: ClaimReview, decision: AdmissionDecision, marks: AnswerMarks): AdmissionAnswer {
  if (decision.kind !== 'reject') return allowed(decision, buildPatch(review, decision, marks));
  return {
    kind: 'denied',
    code: 403,
    reason: 'Forbidden',
    message: singleLine(decision.message, DENIAL_CHARACTERS),
    auditAnnotations: { decision: decision.kind, reason: decision.reason },
  };
}

type AllowedDecision = Exclude<AdmissionStep, { kind: 'reject' | 'probe' }>;
type Allowed = Extract<AdmissionAnswer, { kind: 'allowed' }>;

const allowed = (decision: AllowedDecision, operations: Allowed['operations']): Allowed => ({
  kind: 'allowed',
  operations,
  warnings: decision.warnings.map((warning) => singleLine(`Rebound: ${warning}`, WARNING_CHARACTERS)),
  auditAnnotations: { decision: decision.kind, reason: decision.reason },
});
