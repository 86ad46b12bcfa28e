import type { BackupFinding, CollapseFinding, ProtectionPhase } from '../api/protected-volume.ts';
import type { BackupGate } from './backup-gate.ts';
import type { Reason } from './helper-claims.ts';
import { putWait, type Telling, type Wait } from './telling.ts';

/** What the verdict on a claim's protection follows from. */
export interface ProtectionFacts {
  readonly tier: string;
  readonly policyExists: boolean;
  readonly suspended: boolean;
  readonly gate: BackupGate;
  readonly claimAgeMilliseconds: number;
  /** How long ago the engine was told to back the claim up; 0 when it is told just now. */
  readonly scheduleAgeMilliseconds: number;
  /** Why the claim's restore is where it is; absent when there is none. */
  readonly restoreMessage?: string | undefined;
  /** Why there is no engine that could back the claim up, and what to do, a clause; absent where there is one. */
  readonly engineMissing?: string | undefined;
  /** Why the repository could not be opened; absent when it could. */
  readonly repositoryProblem?: string | undefined;
  /** What is wrong with the annotations on the claim; absent when nothing is. */
  readonly annotationProblem?: string | undefined;
  /** Why another cluster, and not this one, backs the claim up; absent when this one does. */
  readonly foreignOwner?: string | undefined;
  /** What keeps backups from succeeding, in whole sentences; absent when nothing does. */
  readonly backupTrouble?: string | undefined;
  /** What is wrong with a mover that runs and says nothing, in whole sentences; absent when nothing is. */
  readonly silence?: string | undefined;
  /** What the store said where it did not let snapshots be removed. */
  readonly pruningRefused?: { readonly message: string } | undefined;
  /** What the next backup waits for before it may begin, a sentence; absent where it does not wait for its turn. */
  readonly queued?: string | undefined;
  /** Why a backup that ended could not be looked at yet; absent when it was. */
  readonly unconfirmed?: string | undefined;
  /** What is wrong with the newest backup, see the status. */
  readonly lastFinding?: BackupFinding | undefined;
  readonly collapse?: CollapseFinding | undefined;
  /** Whether the claim has been without a good backup for too long. */
  readonly isOverdue: boolean;
  /** The newest good backup of this claim. */
  readonly lastBackup?: BackupFact | undefined;
  /** The snapshot that the claim is, or is to be, restored from. */
  readonly restoredFrom?: BackupFact | undefined;
  /** Why another engine than the tier's backs the claim up; absent where the tier's does. */
  readonly engineUnfit?: Reason | undefined;
  /** A clause: where to look when backups do not end and nobody says why. */
  readonly backupAdvice: string;
  /** Why the claim is not restored by itself when it is created again; absent when it is. */
  readonly unrestored?: Reason | undefined;
}

interface BackupFact {
  readonly id: string;
  readonly time: string;
  readonly dataTime?: string | undefined;
}

/** Am I safe? The phase, whether it is a yes, and the sentence that says why. */
export interface ProtectionVerdict {
  readonly phase: ProtectionPhase;
  readonly ready: boolean;
  /** Whether a person may have to mend something. */
  readonly stalled: boolean;
  readonly reason: string;
  readonly message: string;
  readonly telling: Telling;
}

/** An application may take its time until it writes its first file; the volume is looked at again and again meanwhile. */
const EMPTY_GRACE_MILLISECONDS = 2 * 60_000;

type Rule = (facts: ProtectionFacts) => ProtectionVerdict | undefined;

const degraded = (reason: string, message: string): ProtectionVerdict => ({
  phase: 'Degraded',
  ready: false,
  stalled: true,
  reason,
  message,
  telling: { when: 'new' },
});

const pending = (phase: ProtectionPhase, wait: Wait): ProtectionVerdict => ({
  phase,
  ready: false,
  stalled: false,
  ...putWait(wait),
});

const short = ({ id, time }: BackupFact): string => `${id.slice(0, 8)} of ${time}`;

const copied = ({ dataTime }: BackupFact): string =>
  dataTime === undefined ? '' : `, of a copy of the volume made before ${dataTime}`;

function since({ lastBackup, restoredFrom }: ProtectionFacts): string {
  if (lastBackup !== undefined) return `The last good backup is ${short(lastBackup)}${copied(lastBackup)}.`;
  return restoredFrom === undefined
    ? 'There is no backup of this claim yet.'
    : `The claim is restored from snapshot ${short(restoredFrom)}, and not backed up since.`;
}

const unknownTier: Rule = (facts) =>
  facts.policyExists
    ? undefined
    : degraded(
        'UnknownTier',
        `Label backup=${JSON.stringify(facts.tier)} names no BackupPolicy, so nothing is backed up. ${since(facts)}`,
      );

const volumeLost: Rule = (facts) => {
  const { gate } = facts;
  return !gate.open && gate.reason === 'VolumeLost'
    ? degraded(gate.reason, `${gate.message} ${since(facts)}`)
    : undefined;
};

/** What keeps backups from beginning until a person does something. */
const STANDING_REASONS: readonly string[] = ['BoundUnproven', 'BlockVolume', 'ReadOnlyVolume'];

const standing: Rule = ({ gate }) =>
  !gate.open && STANDING_REASONS.includes(gate.reason) ? degraded(gate.reason, gate.message) : undefined;

const waiting: Rule = ({ gate, restoreMessage, claimAgeMilliseconds }) => {
  if (gate.open) return undefined;
  const { reason, message, advice } = gate;
  const wait = { reason, message, waitedMilliseconds: claimAgeMilliseconds };
  if (restoreMessage === undefined) return pending('Waiting', { ...wait, advice });
  // A restore tells the claim its story itself.
  return pending('Restoring', reason === 'RestorePending' ? { ...wait, message: restoreMessage } : wait);
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
        telling: { when: 'new' },
      }
    : undefined;

const problem =
  (reason: string, say: (facts: ProtectionFacts) => string | undefined): Rule =>
  (facts) => {
    const what = say(facts);
    return what === undefined ? undefined : degraded(reason, `${what.replace(/\.+$/, '')}. ${since(facts)}`);
  };

const inWords = (what: string | undefined, say: (what: string) => string): string | undefined =>
  what === undefined ? undefined : say(what);

const found = (
  { lastFinding }: ProtectionFacts,
  kind: BackupFinding['kind'],
  say: (what: string) => string,
): string | undefined => (lastFinding?.kind === kind ? say(lastFinding.message) : undefined);

const partial = (what: string): string =>
  `The newest backup is not whole: ${what}. The mover may not read all files: set annotation rebound.dev/mover-user on the claim, or have an administrator allow privileged movers in the namespace. Until a whole one is there no snapshot is removed, and a restore takes the last good one`;

/** What a person can do about a collapse. */
function collapsed({ collapse }: ProtectionFacts): string | undefined {
  if (collapse === undefined) return undefined;
  const { message, good, snapshotId, since } = collapse;
  const accepted = snapshotId?.slice(0, 8) ?? since;
  return (
    `The content collapsed: ${message}. No snapshot is removed until you look. To get back what there was, delete the claim and ` +
    `create it again with annotation rebound.dev/restore: "${good.id.slice(0, 8)}". If the fall is right, set annotation ` +
    `rebound.dev/accept-collapse: "${accepted}" on the claim`
  );
}

const emptyVolume: Rule = ({ lastFinding, scheduleAgeMilliseconds }) =>
  lastFinding?.kind === 'EmptyVolume'
    ? pending('BackingUp', {
        reason: 'EmptyVolume',
        message: lastFinding.message,
        advice:
          'It is looked at again soon, and by schedule: nothing is to be done if the application has yet to write.',
        waitedMilliseconds: scheduleAgeMilliseconds,
        graceMilliseconds: EMPTY_GRACE_MILLISECONDS,
      })
    : undefined;

const queued: Rule = ({ lastBackup, queued: words, scheduleAgeMilliseconds }) =>
  lastBackup === undefined && words !== undefined
    ? pending('BackingUp', {
        reason: 'Queued',
        message: `The first backup has not begun. ${words}`,
        advice: 'spec.limits of the ReboundSettings "default" says how many backups work at a time.',
        waitedMilliseconds: scheduleAgeMilliseconds,
      })
    : undefined;

const firstBackup: Rule = ({ lastBackup, scheduleAgeMilliseconds, backupAdvice }) =>
  lastBackup === undefined
    ? pending('BackingUp', {
        reason: 'FirstBackupPending',
        message: 'The first backup is under way.',
        advice: `If it does not end, ${backupAdvice}.`,
        waitedMilliseconds: scheduleAgeMilliseconds,
      })
    : undefined;

/** Whoever can't delete loses no backup: the claim is protected, and the store grows. */
const unpruned: Rule = ({ pruningRefused, lastBackup }) =>
  pruningRefused === undefined
    ? undefined
    : {
        phase: 'Protected',
        ready: true,
        stalled: true,
        reason: 'PruningRefused',
        message:
          `${foundIn(lastBackup)} The store does not let this key delete (${pruningRefused.message}), so no snapshot is removed, whatever the ` +
          "tier's retention says, and the repository grows; backups go on. If that is not meant, allow s3:DeleteObject below the " +
          "destination's prefix, then set annotation rebound.dev/backup-now; if it is, no lifecycle rule may remove what a repository " +
          'still needs. It is tried again after seven days, and with another key',
        telling: { when: 'new' },
      };

const rules: readonly Rule[] = [
  volumeLost,
  unknownTier,
  standing,
  waiting,
  annotation,
  suspended,
  problem('EngineMissing', ({ engineMissing }) =>
    inWords(engineMissing, (what) => `Nothing backs the claim up: ${what}`),
  ),
  problem('RepositoryUnavailable', (facts) => inWords(facts.repositoryProblem, (what) => `No backup can run: ${what}`)),
  problem('ForeignOwner', ({ foreignOwner }) =>
    inWords(
      foreignOwner,
      (what) =>
        `This cluster does not back the claim up, for ${what}. It will once that one gives the claim up, is silent for 10 minutes or has no good backup for two and a half intervals; or at once, with annotation rebound.dev/take-over: <UID of that cluster> on the claim`,
    ),
  ),
  problem('SnapshotMissing', (facts) =>
    found(facts, 'SnapshotMissing', (what) => `A backup can't be believed: ${what}. No snapshot is removed meanwhile`),
  ),
  problem('BackupPartial', (facts) => found(facts, 'BackupPartial', partial)),
  problem('BackupFailing', (facts) => inWords(facts.backupTrouble, (what) => `Backups fail. ${what}`)),
  problem('MoverSilent', ({ silence }) => inWords(silence, (what) => `The mover of a backup runs. ${what}`)),
  problem('Unconfirmed', (facts) =>
    inWords(facts.unconfirmed, (what) => `A backup could not be confirmed yet: ${what}`),
  ),
  problem('ContentCollapsed', collapsed),
  problem('BackupOverdue', ({ isOverdue, queued: words, backupAdvice }) =>
    isOverdue
      ? `There has been no good backup for more than two and a half times the interval of the tier: ${words ?? backupAdvice}`
      : undefined,
  ),
  emptyVolume,
  queued,
  firstBackup,
  unpruned,
];

const nextBackup = (queuedWords: string | undefined): readonly string[] =>
  queuedWords === undefined ? [] : [`The next backup is due. ${queuedWords}`];

const foundIn = (lastBackup: BackupFact | undefined): string =>
  `Snapshot ${lastBackup === undefined ? '' : short(lastBackup)} was found in the destination.`;

/** Judges a claim's protection; the worst that is known comes first. */
export function judgeProtection(facts: ProtectionFacts): ProtectionVerdict {
  for (const rule of rules) {
    const verdict = rule(facts);
    if (verdict !== undefined) return verdict;
  }
  const { lastBackup, unrestored, engineUnfit, queued: words } = facts;
  const found = foundIn(lastBackup);
  const notes = [unrestored, engineUnfit].filter((note) => note !== undefined);
  return {
    phase: 'Protected',
    ready: true,
    stalled: false,
    reason: notes[0]?.reason ?? 'Protected',
    message: [found, ...notes.map(({ message }) => message), ...nextBackup(words)].join(' '),
    telling: { when: 'new' },
  };
}
