import { SILENT_MILLISECONDS, type SignOfLife } from '../../domain/ownership.ts';
import type { ClustersHeard } from '../../destinations/cluster-record.ts';

/** Well before others take this cluster for dead, it stops writing backups. */
const LATEST_SIGN_MILLISECONDS = SILENT_MILLISECONDS - 2 * 60_000;

/** How many looks in a row must find this cluster's own sign untouched until a double is believed to be gone. */
const QUIET_LOOKS = 4;
/** One foreign sign may be the last of a controller that led before; two are of a cluster that lives. */
const DOUBLE_SIGNS = 2;

/** What is known of the clusters that share one destination. */
interface Seen {
  /** When this cluster's sign was last written, by its own clock. */
  readonly writtenMilliseconds: number;
  /** The same moment by the store's clock; absent when the store did not list the sign. */
  readonly storeMilliseconds: number | undefined;
  readonly heard: ClustersHeard;
}

/** Whether backups may be written into a destination, as far as other clusters go. */
export type Permission =
  | { readonly kind: 'granted' }
  /** This process has yet to show that the cluster lives: nothing is begun, and nothing is stopped. `message`: why it could not. */
  | { readonly kind: 'pending'; readonly message?: string | undefined }
  | { readonly kind: 'refused'; readonly message: string };

/** The clusters with one destination, as this one has last seen them. Each look replaces what was known. */
export class ClusterPresence {
  readonly #seen = new Map<string, Seen>();
  readonly #failures = new Map<string, { readonly message: string; readonly sinceMilliseconds: number }>();
  readonly #overheard = new Map<string, { readonly heard: ClustersHeard; readonly atMilliseconds: number }>();
  readonly #foreignSigns = new Map<string, number>();
  readonly #quietLooks = new Map<string, number>();
  /** What was last found for each destination. */
  readonly #permissions = new Map<string, Permission['kind']>();
  readonly #followers = new Set<(destination: string) => void>();

  /** Calls back with a destination whose permission has become another one. The returned function ends it. */
  follow(follower: (destination: string) => void): () => void {
    this.#followers.add(follower);
    return () => this.#followers.delete(follower);
  }

  /** @param isForeign whether another process had written this cluster's sign since this one did. */
  record(destination: string, seen: Seen, isForeign: boolean): void {
    this.#seen.set(destination, seen);
    this.#failures.delete(destination);
    const quiet = isForeign ? 0 : (this.#quietLooks.get(destination) ?? 0) + 1;
    this.#quietLooks.set(destination, quiet);
    if (isForeign) this.#foreignSigns.set(destination, (this.#foreignSigns.get(destination) ?? 0) + 1);
    else if (quiet >= QUIET_LOOKS) this.#foreignSigns.delete(destination);
    this.#tell(destination, seen.writtenMilliseconds);
  }

  /**
   * The sign could not be written.
   *
   * @param lastSignMilliseconds when the store says that the cluster last showed it, where it does; others count from then.
   */
  fail(destination: string, message: string, nowMilliseconds: number, lastSignMilliseconds = nowMilliseconds): void {
    const lastSign = this.#seen.get(destination)?.writtenMilliseconds ?? lastSignMilliseconds;
    const sinceMilliseconds = this.#failures.get(destination)?.sinceMilliseconds ?? Math.min(lastSign, nowMilliseconds);
    this.#failures.set(destination, { message, sinceMilliseconds });
    this.#tell(destination, nowMilliseconds);
  }

  #tell(destination: string, nowMilliseconds: number): void {
    const { kind } = this.mayBackUp(destination, nowMilliseconds);
    if (this.#permissions.get(destination) === kind) return;
    this.#permissions.set(destination, kind);
    for (const follower of this.#followers) follower(destination);
  }

  /** Who shows life in a destination that this cluster may read and not write, by this cluster's own clock. */
  overhear(destination: string, heard: ClustersHeard, nowMilliseconds: number): void {
    this.#overheard.set(destination, { heard, atMilliseconds: nowMilliseconds });
  }

  forget(destination: string): void {
    const signs = [this.#seen, this.#failures, this.#overheard, this.#foreignSigns, this.#quietLooks];
    for (const map of [...signs, this.#permissions]) map.delete(destination);
  }

  /** Whether another living cluster has the same UID as this one, as a copied etcd or machine has. */
  hasDouble(destination: string): boolean {
    return (this.#foreignSigns.get(destination) ?? 0) >= DOUBLE_SIGNS;
  }

  mayBackUp(destination: string, nowMilliseconds: number): Permission {
    if (this.hasDouble(destination)) {
      return {
        kind: 'refused',
        message: `another living cluster writes into destination ${destination} with the UID of this one: one of the two is a copy. Stop Rebound in one of them`,
      };
    }
    const seen = this.#seen.get(destination);
    const isFresh = seen !== undefined && nowMilliseconds - seen.writtenMilliseconds < LATEST_SIGN_MILLISECONDS;
    if (isFresh) return { kind: 'granted' };
    const failure = this.#failures.get(destination);
    if (failure === undefined) return { kind: 'pending' };
    const message = `this cluster can't show destination ${destination} that it lives, and another may take its claims over: ${failure.message}`;
    const isLasting = nowMilliseconds - failure.sinceMilliseconds >= LATEST_SIGN_MILLISECONDS;
    return isLasting ? { kind: 'refused', message } : { kind: 'pending', message };
  }

  /** What is known of another cluster's life, as of now. */
  signOfLife(destination: string, clusterUid: string, nowMilliseconds: number): SignOfLife {
    const seen = this.#seen.get(destination);
    if (seen === undefined) {
      const overheard = this.#signOverheard(destination, clusterUid, nowMilliseconds);
      if (overheard !== undefined) return overheard;
    }
    if (seen?.storeMilliseconds === undefined) {
      const message = this.#failures.get(destination)?.message ?? 'the destination was not asked, or did not say';
      return { kind: 'unknown', message };
    }
    // What a look long ago did not see may have been written since.
    if (nowMilliseconds - seen.writtenMilliseconds >= SILENT_MILLISECONDS) {
      return { kind: 'unknown', message: this.#failures.get(destination)?.message ?? 'the last look is too long ago' };
    }
    const timeMilliseconds = seen.heard.get(clusterUid);
    if (timeMilliseconds === undefined) return { kind: 'absent' };
    return { kind: 'seen', timeMilliseconds, ageMilliseconds: seen.storeMilliseconds - timeMilliseconds };
  }

  /** Backups are never begun by it, for they need a sign of this cluster's own: what it decides is what restores are told. */
  #signOverheard(destination: string, clusterUid: string, nowMilliseconds: number): SignOfLife | undefined {
    const { heard, atMilliseconds } = this.#overheard.get(destination) ?? {};
    if (heard === undefined || atMilliseconds === undefined) return undefined;
    if (nowMilliseconds - atMilliseconds >= SILENT_MILLISECONDS) return undefined;
    const timeMilliseconds = heard.get(clusterUid);
    if (timeMilliseconds === undefined) return { kind: 'absent' };
    return { kind: 'seen', timeMilliseconds, ageMilliseconds: nowMilliseconds - timeMilliseconds };
  }
}
