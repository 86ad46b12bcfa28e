import { type BackupPolicy, DEFAULT_ENGINE, type EngineName } from '../api/backup-policy.ts';
import type { PersistentVolumeClaim } from '../kube/model/built-in-kinds.ts';
import type { RestoreEngines } from './engine.ts';

export interface RestoringEngine {
  readonly engine: EngineName;
  /** Why it is not the one that the tier names, a clause. */
  readonly why?: string;
}

/** What restores a claim: the engine that its tier names, where that can do it. */
export function restoringEngine(
  engines: RestoreEngines,
  claim: PersistentVolumeClaim,
  { spec: { engine } }: Pick<BackupPolicy, 'spec'>,
): RestoringEngine {
  const why = engines[engine].refusal(claim);
  return why === undefined ? { engine } : { engine: DEFAULT_ENGINE, why };
}
