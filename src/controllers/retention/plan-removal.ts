import { RESTORE_ANNOTATION } from '../../api/labels.ts';
import { type RetentionPlan, planRetention, youngMilliseconds } from '../../domain/retention/plan-retention.ts';
import { untouchableSnapshots } from '../../domain/retention/untouchable-snapshots.ts';
import { type ClaimRecord, readLedger } from '../../destinations/ledger.ts';
import type { RepositoryAccess } from '../../repositories/access.ts';
import { readRepository } from '../../repositories/restic/read-repository.ts';
import type { RepositoryReading } from '../../repositories/restic/reading.ts';
import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import { RESTORES_BY_CLAIM_UID } from '../stores.ts';
import { type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import { wordsOf } from '../ledger-fact.ts';
import { isAnswered, rulesOf, type Subject } from './subject.ts';

/** What may be removed, or why that can't be told; `message`: a sentence. */
export type Removal =
  | { readonly kind: 'planned'; readonly plan: RetentionPlan; readonly snapshots: number }
  | { readonly kind: 'withheld'; readonly message: string };

interface PlanTools {
  readonly context: ControllerContext;
  readonly cache: RepositoryCache;
}

const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };

const withheld = (message: string): Removal => ({ kind: 'withheld', message });

/** Looks what the repository and the ledger hold just now, and decides by both what goes. Writes nothing. */
export async function planRemoval(tools: PlanTools, subject: Subject, access: RepositoryAccess): Promise<Removal> {
  const { namespace, name } = subject.claim.metadata;
  const [reading, ledger] = await Promise.all([
    readRepository(access.destination, access.path, access.password, { ...options, cache: tools.cache }),
    readLedger(access.destination, { namespace, claim: name }, options),
  ]);
  if (!ledger.ok) return withheld(ledger.message);
  switch (reading.kind) {
    case 'unknown':
      return withheld(reading.message);
    case 'absent':
      return withheld(`repository ${access.path} is not there`);
    case 'empty':
      return withheld(`repository ${access.path} holds no snapshot`);
    case 'read':
      return planned(tools, subject, reading, ledger.value);
  }
}

type Read = Extract<RepositoryReading, { kind: 'read' }>;

function planned({ context }: PlanTools, subject: Subject, reading: Read, record: ClaimRecord | undefined): Removal {
  const { snapshots, damaged } = reading;
  const doubt = doubtOf(context, record, reading) ?? damaged[0]?.message;
  if (record === undefined || doubt !== undefined) return withheld(doubt ?? 'the ledger has no record of the claim');
  const { good, bad } = wordsOf(record);
  const rules = rulesOf(subject);
  const now = context.now();
  const plan = planRetention({
    snapshots,
    doubtful: new Set(bad.keys()),
    retention: subject.policy.spec.retention,
    schedule: subject.policy.spec.schedule,
    nowMilliseconds: now,
    untouchable: untouchableSnapshots({
      snapshots,
      goodIds: new Set(good.map(({ id }) => id)),
      held: heldOf(context, subject, record),
      request: subject.claim.metadata.annotations?.[RESTORE_ANNOTATION],
    }),
    areRulesAcknowledged: subject.status.maintenance?.rules === rules || isAnswered(subject, now),
  });
  return { kind: 'planned', plan, snapshots: snapshots.length };
}

/** What of ledger and repository does not fit together, or shows that this is not the time; a clause. */
function doubtOf({ clusterUid }: ControllerContext, record: ClaimRecord | undefined, { snapshots }: Read) {
  const { owner, collapse, lastGoodBackup } = record ?? {};
  if (owner?.clusterUid !== clusterUid || owner.releasedAt !== undefined) {
    return 'the ledger does not say that this cluster writes the backups of the claim';
  }
  if (collapse !== undefined) return 'the content collapsed, and nobody has answered that yet';
  if (lastGoodBackup === undefined) return 'the ledger knows no good backup of the claim';
  if (snapshots.some(({ id }) => id === lastGoodBackup.snapshotId)) return undefined;
  return `the newest good snapshot, ${lastGoodBackup.snapshotId.slice(0, 8)} of ${lastGoodBackup.time}, is not in the repository`;
}

/** Snapshots that something else names: whoever goes by its word must find them. */
function heldOf(
  { stores, now }: ControllerContext,
  { claim, status, policy }: Subject,
  { lastGoodBackup, collapse, runs = [] }: ClaimRecord,
): ReadonlyMap<string, string> {
  const restores = stores.volumeRestores.byIndex(RESTORES_BY_CLAIM_UID, claim.metadata.uid);
  const youngSince = now() - youngMilliseconds(policy.spec.schedule);
  // By our own clock: that of the node, which the snapshots go by, may be years behind.
  const young = runs.filter(({ endedAt = '' }) => Date.parse(endedAt) > youngSince);
  const named: readonly (readonly [string | undefined, string])[] = [
    ...young.map(({ snapshotId }) => [snapshotId, 'young'] as const),
    [status.lastProof?.snapshot?.id, 'restored last'],
    ...restores.map((restore) => [restore.status?.snapshot?.id, 'restored last'] as const),
    [status.lastBackup?.id, 'last good backup'],
    [lastGoodBackup?.snapshotId, 'last good backup'],
    [status.collapse?.good.id, 'good backup before a collapse'],
    [collapse?.yardstick.snapshotId, 'good backup before a collapse'],
  ];
  return new Map(named.flatMap(([id, reason]) => (id === undefined ? [] : [[id, reason] as const])));
}
