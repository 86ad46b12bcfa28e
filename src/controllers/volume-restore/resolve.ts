import type { BackupPolicySpec } from '../../api/backup-policy.ts';
import { RESTORE_ANNOTATION } from '../../api/labels.ts';
import type { SnapshotReference } from '../../api/snapshot.ts';
import type { ChoiceFacts, ChoiceNote, SnapshotChoice } from '../../domain/choice-facts.ts';
import { parseRestoreRequest } from '../../domain/restore-request.ts';
import { intervalSeconds } from '../../domain/schedule.ts';
import { describeSnapshot } from '../../domain/snapshot-facts.ts';
import { chooseSnapshot } from '../../domain/snapshot-choice.ts';
import { type ClaimRecord, readLedger, rememberedSnapshot } from '../../destinations/ledger.ts';
import type { Outcome } from '../../destinations/outcome.ts';
import { compareTrees } from '../../repositories/restic/compare-trees.ts';
import { readRepository } from '../../repositories/restic/read-repository.ts';
import type { RepositoryReading } from '../../repositories/restic/reading.ts';
import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import type { Snapshot } from '../../repositories/restic/snapshot.ts';
import { selectability } from '../../engines/volsync/selected-snapshot.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import type { RepositoryAccess } from '../../repositories/access.ts';
import { snapshotReference } from './expectation.ts';
import { ledgerFact } from '../ledger-fact.ts';

/** What a look into the destination says about a restore. */
export type Resolution =
  | {
      readonly kind: 'snapshot';
      readonly snapshot: SnapshotReference;
      readonly record: ClaimRecord | undefined;
      readonly note?: ChoiceNote | undefined;
      /** The BackupDestination that holds it, where it is not the tier's own. */
      readonly destinationName?: string;
    }
  /** This time, the destination said for certain that the claim has no backup. `warning`: to be said with a blank start. */
  | { readonly kind: 'none'; readonly warning?: string | undefined }
  | WaitResolution;

export interface WaitResolution {
  readonly kind: 'wait';
  readonly reason: string;
  readonly message: string;
  /** Whether the claim waits for a person's answer, not for the store. */
  readonly isQuestion: boolean;
  readonly newerId?: string | undefined;
}

/** What is to be restored, and where from. */
export interface RestoreOrder {
  /** Its annotation says what is asked for, as it is now: a claim that waits can be answered by it. */
  readonly claim: PersistentVolumeClaim;
  readonly access: RepositoryAccess;
  readonly policy: BackupPolicySpec;
}

/** To compare two snapshots' trees. */
const COMPARISON_TIMEOUT_MILLISECONDS = 30_000;

const wait = (reason: string, message: string): WaitResolution => ({
  kind: 'wait',
  reason,
  message,
  isQuestion: false,
});

/** Asks the destination which snapshot a restore brings back. Never throws for what the destination does. */
export async function resolveSnapshot(cache: RepositoryCache, order: RestoreOrder): Promise<Resolution> {
  const { access, claim } = order;
  const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };
  const key = { namespace: claim.metadata.namespace, claim: claim.metadata.name };
  const [reading, ledger] = await Promise.all([
    readRepository(access.destination, access.path, access.password, { ...options, cache }),
    readLedger(access.destination, key, options),
  ]);
  switch (reading.kind) {
    case 'unknown':
      return wait(reading.reason, reading.message);
    case 'read':
      return await choose(cache, order, reading, ledger);
    case 'absent':
    case 'empty':
      if (!ledger.ok) return wait(ledger.reason, ledger.message);
      return contradiction(ledger.value) ?? { kind: 'none' };
  }
}

async function choose(
  cache: RepositoryCache,
  order: RestoreOrder,
  { snapshots, damaged }: Extract<RepositoryReading, { kind: 'read' }>,
  ledger: Outcome<ClaimRecord | undefined>,
): Promise<Resolution> {
  const { claim, policy } = order;
  const parsed = parseRestoreRequest(claim.metadata.annotations?.[RESTORE_ANNOTATION]);
  if (!parsed.ok) return wait('MalformedRestore', parsed.message);
  const { request } = parsed;
  if (request.kind === 'none') return wait('AskedForBlank', askedForBlank);
  const record = ledger.ok ? ledger.value : undefined;
  const choice = await decide(cache, order, {
    snapshots,
    damaged,
    ledger: ledgerFact(ledger),
    intervalSeconds: record?.intervalSeconds ?? intervalSeconds(policy.schedule),
    request,
    unvouched: policy.restore.unvouched,
  });
  if (choice.kind !== 'chosen') return { ...choice, kind: 'wait' };
  const unreachable = beyondTheMover(snapshots, choice.snapshot);
  if (unreachable !== undefined) return unreachable;
  return { kind: 'snapshot', snapshot: snapshotReference(choice.snapshot, record), record, note: choice.note };
}

/** Why the engine's mover would bring back another snapshot, however often it is asked. */
function beyondTheMover(snapshots: readonly Snapshot[], chosen: Snapshot): WaitResolution | undefined {
  const answer = selectability(snapshots, chosen);
  const what = `snapshot ${describeSnapshot(chosen)} can't be restored by VolSync`;
  switch (answer.kind) {
    case 'selectable':
      return undefined;
    case 'unseen':
      return wait(
        'IndistinctSnapshot',
        `${what}: it was not taken of /data, as VolSync's are. Restore it with restic, or set annotation rebound.dev/restore on the claim to another one`,
      );
    case 'hidden': {
      const { id, shortId } = answer.by;
      const message = `${what}: ${describeSnapshot(answer.by)} is of the same second, and would come back in its place. To take that one, set annotation rebound.dev/restore: "${shortId}" on the claim; to get ${chosen.shortId}, remove the other from the repository with "restic forget ${shortId}"`;
      return { ...wait('IndistinctSnapshot', message), isQuestion: true, newerId: id };
    }
  }
}

const askedForBlank =
  'annotation rebound.dev/restore was set to "none" after the claim was created. To let it start blank, delete the claim and create it again with the annotation';

/** Makes the choice; compares the trees that it hangs on. */
async function decide(
  cache: RepositoryCache,
  order: RestoreOrder,
  facts: ChoiceFacts<Snapshot>,
): Promise<SnapshotChoice<Snapshot>> {
  const step = chooseSnapshot(facts);
  if (step.kind !== 'compareTrees') return step;
  const { destination, path: repositoryPath, password } = order.access;
  const pair = { older: step.vouched, newer: step.unvouched };
  const limits = { timeoutMilliseconds: COMPARISON_TIMEOUT_MILLISECONDS };
  const answer = await compareTrees({ destination, repositoryPath, password, cache }, pair, limits);
  if (answer.kind === 'failed') return { ...wait(answer.reason, answer.message), kind: 'hold' };
  return await decide(cache, order, {
    ...facts,
    comparison: {
      vouchedId: step.vouched.id,
      unvouchedId: step.unvouched.id,
      answer: answer.kind,
      ...(answer.kind === 'lacksSome' ? { lackedPath: answer.path } : {}),
    },
  });
}

/** The ledger remembers a backup that the repository does not hold: somebody removed it, or the store is not whole. */
function contradiction(record: ClaimRecord | undefined): Resolution | undefined {
  const remembered = rememberedSnapshot(record);
  if (record === undefined || remembered === undefined) return undefined;
  const { snapshotId, time } = remembered;
  return wait(
    'BackupVanished',
    `the ledger remembers snapshot ${snapshotId.slice(0, 8)} of ${time}, but the repository holds no snapshot. ` +
      `Bring the repository back, or delete .rebound/claims/${record.namespace}/${record.claim}.json in the destination to let the claim start blank`,
  );
}
