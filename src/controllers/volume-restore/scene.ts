import { type BackupPolicy, DEFAULT_ENGINE } from '../../api/backup-policy.ts';
import type { RestoreFinding, SnapshotReference } from '../../api/snapshot.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { GRACE_MILLISECONDS, isNews, putWait, type Wait } from '../../domain/telling.ts';
import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import { findCondition } from '../../kube/model/conditions.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { requeueAfter, type Result } from '../../runtime/result.ts';
import { ageMilliseconds, type ControllerContext, tell, warn } from '../context.ts';
import { openRepository, type OpenedRepository } from '../../repositories/access.ts';
import type { RestoreEngine, RestoreEngines } from '../../engines/engine.ts';
import { recordProgress } from './status.ts';

const HOLD_MINIMUM_MILLISECONDS = 5_000;
const HOLD_MAXIMUM_MILLISECONDS = 60_000;
/** When nothing is heard of what is under way outside. */
export const ENGINE_LOOK_MILLISECONDS = 30_000;

/** What the steps of a restore work with. */
export interface Tools {
  readonly context: ControllerContext;
  readonly cache: RepositoryCache;
  readonly engines: RestoreEngines;
}

/** A restore and its claim, both alive. */
export interface Scene {
  readonly restore: VolumeRestore;
  readonly claim: PersistentVolumeClaim;
}

/** A scene with the prime claim in it. */
export interface PrimedScene extends Scene {
  readonly prime: PersistentVolumeClaim;
}

/** Nothing more is to be done for now. */
export interface Stop {
  readonly result: Result;
}

/** What a step ends with: a result stops here, a scene goes on to the next step. */
export type Step = Stop | Scene;
export type PrimedStep = Stop | PrimedScene;

/** What restores, by its record. */
export const engineOf = ({ engines }: Tools, { status }: VolumeRestore): RestoreEngine =>
  engines[status?.engine ?? DEFAULT_ENGINE];

/** A snapshot, for messages. */
export const short = (snapshot: SnapshotReference): string => `${snapshot.id.slice(0, 8)} of ${snapshot.time}`;

type FoundPolicy =
  | { readonly ok: true; readonly policy: BackupPolicy }
  | { readonly ok: false; readonly reason: string; readonly message: string };

/** The name of the tier that a restore reads by: the claim may have been given another one since the restore was made. */
export const policyNameOf = ({ spec, status }: VolumeRestore): string => status?.policyName ?? spec.policyName;

/** The tier of a restore. */
export function policyOf(tools: Tools, restore: VolumeRestore): FoundPolicy {
  const policyName = policyNameOf(restore);
  const policy = tools.context.stores.policies.get(policyName);
  if (policy !== undefined) return { ok: true, policy };
  const message = `BackupPolicy ${policyName} does not exist. Make it, or give the claim the label of one that does`;
  return { ok: false, reason: 'UnknownTier', message };
}

/** Name of the destination that a restore reads from: the one that its snapshot was found in, else its tier's, if there is a tier. */
export function destinationNameOf(tools: Tools, restore: VolumeRestore): string | undefined {
  const found = policyOf(tools, restore);
  return restore.status?.destinationName ?? (found.ok ? found.policy.spec.destination : undefined);
}

/** Opens the repository that a restore reads: in the destination that its snapshot was found in, else in its tier's. */
export function openFor(tools: Tools, restore: VolumeRestore): OpenedRepository {
  const found = policyOf(tools, restore);
  if (!found.ok) return found;
  const { namespace = '' } = restore.metadata;
  const destinationName = restore.status?.destinationName ?? found.policy.spec.destination;
  return openRepository(tools.context, destinationName, { namespace, name: restore.spec.claimName });
}

/** Lets the claim wait, unbound, for something that a person may have to mend, and says so, each time. */
export async function hold(tools: Tools, scene: Scene, reason: string, why: string): Promise<Stop> {
  return await holdWith(tools, scene, { reason, why });
}

/** Lets the claim wait, as {@link hold} does, for a person's answer to a finding. */
export async function holdWith(
  tools: Tools,
  { restore, claim }: Scene,
  { reason, why, finding }: { readonly reason: string; readonly why: string; readonly finding?: RestoreFinding },
): Promise<Stop> {
  const say = (reasonWord: string): string =>
    `The claim waits, unbound, and no data is at risk${reasonWord}: ${why}. It goes on by itself once this is mended.`;
  const message = say('');
  const status = { phase: 'Probing', certainNones: 0, ...(finding === undefined ? {} : { finding }) } as const;
  await recordProgress(tools.context, restore, { status, stalled: true, reason, message });
  // Said again as long as it lasts: events are counted, and vanish after a while.
  warn(tools.context, claim, 'RestoreHeld', say(` (${reason})`));
  return { result: requeueAfter(holdMilliseconds(tools, restore)) };
}

/** Often at first, then less: a tenth of the time waited so far. */
function holdMilliseconds(tools: Tools, restore: VolumeRestore): number {
  const waitedMilliseconds = ageMilliseconds(tools.context, restore.metadata);
  return Math.min(HOLD_MAXIMUM_MILLISECONDS, Math.max(HOLD_MINIMUM_MILLISECONDS, waitedMilliseconds / 10));
}

/** Shows at once that the restore waits for something outside, and tells it when that lasts. */
export async function showWait(tools: Tools, { restore, claim }: Scene, wait: Wait): Promise<Stop> {
  const { reason, message, telling } = putWait(wait);
  const before = findCondition(restore.status?.conditions, 'Ready');
  await recordProgress(tools.context, restore, { reason, message });
  if (isNews(before, { reason, message }, telling)) tell(tools.context, claim, reason, message);
  const graceLeft = telling.when === 'lasting' ? telling.graceLeftMilliseconds : 0;
  return { result: requeueAfter(graceLeft > 0 ? graceLeft : ENGINE_LOOK_MILLISECONDS) };
}

/** Shows and tells a wait only when it lasts: as a rule one step follows the other within seconds. */
export async function showLastingWait(tools: Tools, scene: Scene, wait: Wait): Promise<Stop> {
  const graceLeftMilliseconds = GRACE_MILLISECONDS - wait.waitedMilliseconds;
  if (graceLeftMilliseconds <= 0) return await showWait(tools, scene, wait);
  return { result: requeueAfter(Math.min(GRACE_MILLISECONDS, graceLeftMilliseconds)) };
}
