import type { BackupMemory } from '../../domain/backup-findings.ts';
import type { MoverCause } from '../../domain/queue/mover.ts';
import { clause } from '../../kube/model/clause.ts';
import { findCondition } from '../../kube/model/conditions.ts';
import { objectKey } from '../../kube/model/kind.ts';
import type { Turn } from '../mover-turn.ts';
import type { BackupScene, BackupTools } from './backup.ts';

/** A run that is due. */
export interface DueRun {
  readonly memory: BackupMemory;
  /** By the schedule. */
  readonly dueMilliseconds: number;
  readonly isAsked: boolean;
  readonly isOverdue: boolean;
}

/** `held`: nothing of the destination's may begin; `problem`: a clause. */
export type BackupTurn = Turn | { readonly kind: 'held'; readonly problem: string };

/** Asks whether a run that is due may begin now. One into a destination that is known not to answer is not even tried. */
export function askForTurn(
  { context }: Pick<BackupTools, 'context'>,
  { protection, policy }: Pick<BackupScene, 'protection' | 'policy'>,
  run: DueRun,
): BackupTurn {
  const { metadata } = protection.claim;
  const { destination } = policy.spec;
  const heldBecause = destinationProblem(context, destination);
  const cause = causeOf(run);
  const turn = context.movers.ask({
    task: 'backup',
    cause,
    key: objectKey(metadata),
    claim: metadata,
    destination,
    isFirst: run.memory.lastBackup === undefined,
    sinceMilliseconds: sinceOf(run, cause, Date.parse(metadata.creationTimestamp), context.now()),
    heldBecause,
  });
  return turn.kind === 'begin' || heldBecause === undefined ? turn : { kind: 'held', problem: heldBecause };
}

function causeOf({ memory, isAsked, isOverdue }: DueRun): MoverCause {
  if (isAsked) return 'asked';
  if (isOverdue) return 'overdue';
  return memory.lastBackup === undefined ? 'first' : 'scheduled';
}

/** When a user has asked, nobody knows. */
function sinceOf({ dueMilliseconds }: DueRun, cause: MoverCause, createdMilliseconds: number, now: number): number {
  if (cause === 'asked') return now;
  return Math.min(now, cause === 'first' ? createdMilliseconds : dueMilliseconds);
}

/** Why the destination is known not to be ready; undefined where nothing is known against it. */
function destinationProblem({ stores }: BackupTools['context'], name: string): string | undefined {
  const { reachable, conditions } = stores.destinations.get(name)?.status ?? {};
  if (reachable !== false) return undefined;
  const { reason, message } = findCondition(conditions, 'Ready') ?? { reason: 'Unknown', message: 'it is not ready' };
  return `destination ${name} was not ready when it was looked at last (${reason}): ${clause(message)}`;
}
