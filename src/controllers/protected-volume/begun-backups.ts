import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import type { BackupTools } from './backup.ts';
import type { Protection } from './observe.ts';

const LOOK_AGAIN_MILLISECONDS = 1_000;

/** Whether anything has begun to back up this very claim. */
export function hasBegun({ engines }: Pick<BackupTools, 'engines'>, { claim, source, volume }: Protection): boolean {
  const { claimUID, lastBackupAttemptTime } = volume?.status ?? {};
  const hasRun = claimUID === claim.metadata.uid && lastBackupAttemptTime !== undefined;
  return source !== undefined || hasRun || Object.values(engines).some((engine) => engine.runOf(claim) !== undefined);
}

/** Breaks off what engines have begun for a claim. Returns when to look again; undefined when nothing is left. */
export async function endRuns(
  { engines }: Pick<BackupTools, 'engines'>,
  claim: PersistentVolumeClaim,
): Promise<number | undefined> {
  const left: boolean[] = [];
  for (const engine of Object.values(engines)) {
    const run = engine.runOf(claim);
    left.push(run !== undefined && !(await engine.discard(run)));
  }
  return left.includes(true) ? LOOK_AGAIN_MILLISECONDS : undefined;
}
