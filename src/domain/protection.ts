import type { ProtectionPhase } from '../api/protected-volume.ts';
import type { BackupGate } from './backup-gate.ts';

/** What the verdict on a claim's protection follows from. */
export interface ProtectionFacts {
  readonly tier: string;
  readonly policyExists: boolean;
  readonly suspended: boolean;
  readonly gate: BackupGate;
  /** Why the claim's restore is where it is; absent when there is none. */
  readonly restoreMessage?: string | undefined;
  /** Why the repository could not be opened; absent when it could. */
  readonly repositoryProblem?: string | undefined;
  /** What is wrong with the annotations on the claim; absent when nothing is. */
  readonly annotationProblem?: string | undefined;
  /** What the mover complained about on its last try; absent when it did not fail. */
  readonly moverComplaint?: string | undefined;
  /** Why the engine's last success is not believed; absent when it is. */
  readonly missingSnapshot?: string | undefined;
  readonly unconfirmed?: string | undefined;
  readonly collapse?: string | undefined;
  readonly emptyVolume: boolean;
  /** A snapshot of this claim was found in the destination. */
  readonly lastBackup?: { readonly id: string; readonly time: string } | undefined;
}

/** Am I safe? The phase, whether it is a yes, and the sentence that says why. */
export interface ProtectionVerdict {
  readonly phase: ProtectionPhase;
  readonly ready: boolean;
  /** Whether a person may have to mend something. */
  readonly stalled: boolean;
  readonly reason: string;
  readonly message: string;
}

type Rule = (facts: ProtectionFacts) => ProtectionVerdict | undefined;

const degraded = (reason: string, message: string): ProtectionVerdict => ({
  phase: 'Degraded',
  ready: false,
  stalled: true,
  reason,
  message,
});

const since = ({ lastBackup }: ProtectionFacts): string =>
  lastBackup === undefined
    ? 'There is no backup of this claim yet.'
    : `The last good backup is ${lastBackup.id.slice(0, 8)} of ${lastBackup.time}.`;

const unknownTier: Rule = (facts) =>
  facts.policyExists
    ? undefined
    : degraded(
        'UnknownTier',
        `Label backup=${JSON.stringify(facts.tier)} names no BackupPolicy, so nothing is backed up. ${since(facts)}`,
      );

const boundUnproven: Rule = ({ gate }) =>
  !gate.open && gate.reason === 'BoundUnproven' ? degraded(gate.reason, gate.message) : undefined;

const waiting: Rule = ({ gate, restoreMessage }) =>
  gate.open
    ? undefined
    : {
        phase: restoreMessage === undefined ? 'Waiting' : 'Restoring',
        ready: false,
        stalled: false,
        reason: gate.reason,
        message: restoreMessage ?? gate.message,
      };

const annotation: Rule = ({ annotationProblem }) =>
  annotationProblem === undefined ? undefined : degraded('MalformedAnnotation', annotationProblem);

const suspended: Rule = (facts) =>
  facts.suspended
    ? {
        phase: 'Suspended',
        ready: false,
        stalled: false,
        reason: 'Suspended',
        message: `The policy ${facts.tier} is suspended: no new backups. ${since(facts)}`,
      }
    : undefined;

const problem =
  (reason: string, pick: (facts: ProtectionFacts) => string | undefined, say: (what: string) => string): Rule =>
  (facts) => {
    const what = pick(facts);
    return what === undefined ? undefined : degraded(reason, `${say(what)} ${since(facts)}`);
  };

const emptyVolume: Rule = (facts) =>
  facts.emptyVolume
    ? {
        phase: 'BackingUp',
        ready: false,
        stalled: false,
        reason: 'EmptyVolume',
        message: 'The volume holds no file, so there was nothing to back up. Backups go on by schedule.',
      }
    : undefined;

const firstBackup: Rule = ({ lastBackup }) =>
  lastBackup === undefined
    ? {
        phase: 'BackingUp',
        ready: false,
        stalled: false,
        reason: 'FirstBackupPending',
        message: 'The first backup is under way.',
      }
    : undefined;

const rules: readonly Rule[] = [
  unknownTier,
  boundUnproven,
  waiting,
  annotation,
  suspended,
  problem(
    'RepositoryUnavailable',
    (facts) => facts.repositoryProblem,
    (what) => `No backup can run: ${what}.`,
  ),
  problem(
    'BackupFailing',
    (facts) => facts.moverComplaint,
    (what) => `Backups fail. The mover says: ${what}.`,
  ),
  problem(
    'SnapshotMissing',
    (facts) => facts.missingSnapshot,
    (what) => `A backup can't be believed: ${what}.`,
  ),
  problem(
    'Unconfirmed',
    (facts) => facts.unconfirmed,
    (what) => `A backup could not be confirmed yet: ${what}.`,
  ),
  problem(
    'ContentCollapsed',
    (facts) => facts.collapse,
    (what) =>
      `${what}. No snapshot is removed until you look: restore an older one, or accept this one with annotation rebound.dev/accept-collapse: <snapshot id>.`,
  ),
  emptyVolume,
  firstBackup,
];

/** Judges a claim's protection; the worst that is known comes first. */
export function judgeProtection(facts: ProtectionFacts): ProtectionVerdict {
  for (const rule of rules) {
    const verdict = rule(facts);
    if (verdict !== undefined) return verdict;
  }
  const { lastBackup } = facts;
  return {
    phase: 'Protected',
    ready: true,
    stalled: false,
    reason: 'Protected',
    message: `Snapshot ${lastBackup?.id.slice(0, 8) ?? ''} of ${lastBackup?.time ?? ''} was found in the destination.`,
  };
}
