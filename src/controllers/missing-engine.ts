import type { BackupPolicy } from '../api/backup-policy.ts';

/** What is wrong where only VolSync could move a claim's data, and it is not installed. */
export const ENGINE_MISSING = 'EngineMissing';

/**
 * Why nothing moves a claim's data while VolSync's CRDs are missing, and what to do: a clause without its full stop.
 *
 * @param refusal why the engine that the tier asks for can't, a clause; undefined where the tier asks for VolSync.
 */
export function missingVolSync({ metadata: { name } }: BackupPolicy, refusal: string | undefined): string {
  return refusal === undefined
    ? `BackupPolicy ${name} asks for engine VolSync, and VolSync's CRDs are missing. Install VolSync, or set spec.engine of that BackupPolicy to Restic`
    : `movers of Rebound's own can't work for this claim (${refusal}), and VolSync's CRDs are missing. Mend that, or install VolSync`;
}
