import type { Logger } from 'pino';
import type { DestinationCatalog } from '../destinations/catalog.ts';
import type { RepositoryInitializer } from '../repositories/restic/repository-initializer.ts';
import type { KubeClient } from '../kube/client/client.ts';
import type { EventRecorder } from '../kube/events.ts';
import type { KubeObject, ObjectMetadata, ResourceKind } from '../kube/model/kind.ts';
import type { ClusterPresence } from './cluster-presence/presence.ts';
import type { MoverQueue } from './mover-queue/mover-queue.ts';
import type { PrivilegedMovers } from '../engines/volsync/privileged-movers.ts';
import type { Stores } from './stores.ts';

/** What reconcilers ask of the API server. */
export type ObjectClient = Pick<
  KubeClient,
  'get' | 'list' | 'create' | 'apply' | 'applyStatus' | 'mergePatch' | 'delete' | 'podLogs'
>;

/** The image that this very program runs from. */
export interface OwnImage {
  readonly image: string;
  readonly imagePullPolicy?: string | undefined;
}

/** What every reconciler works with. */
export interface ControllerContext {
  readonly client: ObjectClient;
  readonly events: Pick<EventRecorder, 'record'>;
  readonly stores: Stores;
  /** Whether the API server has said that it does not serve a kind: its CRD is missing. False while that is not certain. */
  readonly isKindMissing: (kind: ResourceKind) => boolean;
  readonly catalog: Pick<DestinationCatalog, 'open' | 'openStore'>;
  readonly repositories: Pick<RepositoryInitializer, 'ensure'>;
  /** UID of the namespace kube-system: it names this cluster in the destinations. */
  readonly clusterUid: string;
  /** Which clusters share a destination, and whether they live. */
  readonly presence: Pick<ClusterPresence, 'mayBackUp' | 'signOfLife'>;
  /** Whoever makes a mover of our own begin asks it first. */
  readonly movers: Pick<MoverQueue, 'ask' | 'giveBack' | 'whileLooking'>;
  readonly privilegedMovers: Pick<PrivilegedMovers, 'allowedIn'>;
  /** Pods of ours run from it. Absent where the program does not run in a pod. */
  readonly ownImage: OwnImage | undefined;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** For how long an object has existed; 0 while it is not there. */
export const ageMilliseconds = ({ now }: ControllerContext, metadata: ObjectMetadata | undefined): number =>
  metadata?.creationTimestamp === undefined ? 0 : now() - Date.parse(metadata.creationTimestamp);

/** Time limit of one call to a destination. */
export const DESTINATION_TIMEOUT_MILLISECONDS = 15_000;

type Teller = Pick<ControllerContext, 'events'>;

/** Tells the user about a claim, where `kubectl describe` shows it. */
export function tell({ events }: Teller, claim: KubeObject, reason: string, message: string): void {
  events.record(claim, { type: 'Normal', reason, message });
}

/** Warns the user about a claim, where `kubectl describe` shows it. */
export function warn({ events }: Teller, claim: KubeObject, reason: string, message: string): void {
  events.record(claim, { type: 'Warning', reason, message });
}
