import { rfc3339 } from '../../time/rfc3339.ts';
import {
  type ClusterRecord,
  type ClustersHeard,
  listClusters,
  readClusterRecord,
  writeClusterRecord,
} from '../../destinations/cluster-record.ts';
import type { Destination } from '../../destinations/destination.ts';
import type { Outcome } from '../../destinations/outcome.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import { type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import type { ClusterPresence } from './presence.ts';

const SIGN_MILLISECONDS = 3 * 60_000;
const AGAIN_MILLISECONDS = 20_000;

const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };

interface Look {
  /** Who wrote this cluster's sign last, before it was written now. */
  readonly before: string | undefined;
  readonly heard: ClustersHeard;
}

/** Shows each destination that this cluster lives, every three minutes, and hears who else does. The key is its name. */
export class ClusterPresenceReconciler {
  readonly #context: ControllerContext;
  readonly #presence: ClusterPresence;
  readonly #leader: string;
  /** Destinations that this process has written its sign into. */
  readonly #signed = new Set<string>();

  /** @param leader made anew for each process that leads. */
  constructor(context: ControllerContext, presence: ClusterPresence, leader: string) {
    this.#context = context;
    this.#presence = presence;
    this.#leader = leader;
  }

  readonly reconcile = async (name: string): Promise<Result> => {
    if (this.#context.stores.destinations.get(name) === undefined) {
      this.#presence.forget(name);
      this.#signed.delete(name);
      return done();
    }
    const opened = this.#context.catalog.open(name);
    const look = opened.ok ? await this.#sign(opened.destination) : opened;
    if (!look.ok) {
      const lastSignMilliseconds = opened.ok ? await this.#overhear(name, opened.destination) : undefined;
      this.#presence.fail(name, look.message, this.#context.now(), lastSignMilliseconds);
      return requeueAfter(AGAIN_MILLISECONDS);
    }
    this.#record(name, look.value);
    return requeueAfter(SIGN_MILLISECONDS);
  };

  /** Keys that only read still tell who else lives, and when this cluster last showed that it does. */
  async #overhear(name: string, destination: Destination): Promise<number | undefined> {
    const heard = await listClusters(destination, options);
    if (!heard.ok) return undefined;
    this.#presence.overhear(name, heard.value, this.#context.now());
    return heard.value.get(this.#context.clusterUid);
  }

  async #sign(destination: Destination): Promise<Outcome<Look>> {
    const { clusterUid, now } = this.#context;
    const before = await readClusterRecord(destination, clusterUid, options);
    if (!before.ok) return before;
    const record: ClusterRecord = { version: 1, clusterUid, leader: this.#leader, writtenAt: rfc3339(now()) };
    const written = await writeClusterRecord(destination, record, options);
    if (!written.ok) return written;
    const heard = await listClusters(destination, options);
    // Where others can't be listed, nothing is known of them; that this cluster lives was shown all the same.
    return { ok: true, value: { before: before.value?.leader, heard: heard.ok ? heard.value : new Map() } };
  }

  #record(name: string, { before, heard }: Look): void {
    const { clusterUid, now, log } = this.#context;
    const isForeign = this.#signed.has(name) && before !== undefined && before !== this.#leader;
    this.#signed.add(name);
    const seen = {
      writtenMilliseconds: now(),
      storeMilliseconds: heard.get(clusterUid),
      heard,
    };
    this.#presence.record(name, seen, isForeign);
    if (isForeign)
      log.warn({ destination: name, leader: before }, "another process writes this cluster's sign of life");
  }
}
