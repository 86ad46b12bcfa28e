import type { ProtectedVolume } from '../api/protected-volume.ts';
import type { RepositoryAccess } from '../repositories/access.ts';

/** What a maintenance is planned by. */
export interface MaintenanceBasis {
  /** The rules of the tier, as text. */
  readonly rules: string;
  /** Value of rebound.dev/maintain-now. */
  readonly request?: string | undefined;
}

/** What a maintenance is to do. */
export interface MaintenancePlan {
  /** The claim's, as the API server has it. */
  readonly volume: ProtectedVolume;
  readonly claim: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly access: RepositoryAccess;
  /** Ids of the snapshots to be removed, all 64 digits of each; none where only the space of former ones is to be freed. */
  readonly snapshotIds: readonly string[];
  readonly basis: MaintenanceBasis;
}

/** What a maintenance said of itself, as far as anybody listened. */
export interface MaintenanceWords {
  readonly freedBytes?: number | undefined;
  /** What the store said where it did not let something be deleted. */
  readonly refusal?: string | undefined;
}

/** One that is over. */
interface OverMaintenance {
  readonly jobUID: string;
  readonly basis: MaintenanceBasis;
  /** The snapshots that it was told to remove. Whether they are gone the repository says. */
  readonly snapshotIds: readonly string[];
  readonly listen: () => Promise<MaintenanceWords>;
}

/** Where the maintenance of a repository stands. */
export type MaintenanceState =
  | { readonly kind: 'absent' }
  /** Made, and not let start; or the local copy does not know of it yet. */
  | { readonly kind: 'suspended'; readonly waitedMilliseconds: number }
  | ({
      readonly kind: 'running';
      readonly waitedMilliseconds: number;
      /** What keeps it from starting, a sentence. */
      readonly stuck?: string | undefined;
    } & OverMaintenance)
  | ({ readonly kind: 'ended' } & OverMaintenance)
  /** `message`: a sentence with the words of who failed. */
  | ({ readonly kind: 'failed'; readonly message: string } & OverMaintenance);

/**
 * Removes the snapshots that it is told to, and frees what only they needed. Which ones, and whether anything may be removed now, is
 * decided by others. Everything can be called again.
 */
export interface Maintenance {
  readonly start: (plan: MaintenancePlan) => Promise<void>;
  /** Looks at local copies only. */
  readonly observe: (volume: ProtectedVolume) => MaintenanceState;
  /** Ends it, whatever of it is there. One at work unlocks the repository before it ends. */
  readonly discard: (volume: ProtectedVolume) => Promise<void>;
}
