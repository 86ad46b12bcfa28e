import type { VolumeRestore, VolumeRestoreStatus } from '../../api/volume-restore.ts';
import { secrets } from '../../kube/model/built-in-kinds.ts';
import { DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import type { RepositoryAccess } from '../../repositories/access.ts';
import type { AttemptPlan } from '../../engines/engine.ts';
import { engineOf, policyNameOf, type PrimedScene, type Scene, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';

/** What an attempt is started with. */
interface Beginning {
  readonly access: RepositoryAccess;
  readonly attempt: number;
  /** Where the restore stands then, in words. */
  readonly message: string;
}

/**
 * To be recorded before an attempt is started: a proof must never outlive the prime claim that it speaks of, nor a Secret the attempt
 * whose mover was given it.
 *
 * @param more what was found of the snapshot since.
 */
export async function recordStart(
  tools: Tools,
  { restore, prime }: PrimedScene,
  { access, attempt, message }: Beginning,
  more: Partial<VolumeRestoreStatus> = {},
): Promise<VolumeRestore> {
  const secretName = engineOf(tools, restore).secretName({ restore, attempt, access });
  await removeFormerSecret(tools, restore, secretName);
  const started = { phase: 'Restoring', attempts: attempt, primeClaimUID: prime.metadata.uid } as const;
  const status = { ...started, ...(secretName === undefined ? {} : { secretName }), ...more };
  return await recordProgress(tools.context, restore, { status, reason: 'Restoring', message });
}

/** One with other credentials is named by the restore only, where somebody deleted the engine's object. */
async function removeFormerSecret(
  { context }: Tools,
  restore: VolumeRestore,
  secretName: string | undefined,
): Promise<void> {
  const former = restore.status?.secretName;
  if (former === undefined || former === secretName) return;
  await context.client.delete(secrets, { namespace: restore.metadata.namespace, name: former });
}

/** Starts an attempt as it is recorded, once there is a tier. */
export async function start(tools: Tools, scene: Scene, access: RepositoryAccess, attempt: number): Promise<void> {
  const plan = planOf(tools, scene, access, attempt);
  if (plan !== undefined) await engineOf(tools, scene.restore).start(plan);
}

/** What an attempt is to be by what is recorded; undefined without a tier, or before a snapshot was chosen. */
function planOf(
  tools: Tools,
  { restore, claim }: Scene,
  access: RepositoryAccess,
  attempt: number,
): AttemptPlan | undefined {
  const { snapshot, moverUser = {}, primeClaimUID, clearedPrime } = restore.status ?? {};
  const { policies, storageClasses } = tools.context.stores;
  const policy = policies.get(policyNameOf(restore));
  if (policy === undefined || snapshot === undefined) return undefined;
  const paused = clearedPrime === undefined || clearedPrime.claimUID !== primeClaimUID;
  // It was found empty before that one: what it holds beside the snapshot is an earlier attempt's, of another snapshot perhaps.
  const firstAttempt = engineOf(tools, restore).looksItself ? filledBy(restore) : clearedPrime?.attempt;
  const deletesFiles = !paused && firstAttempt !== undefined && attempt > firstAttempt;
  const claimStorageClass = storageClasses.get(claim.spec.storageClassName ?? '');
  return { restore, attempt, policy, access, snapshot, moverUser, claimStorageClass, paused, deletesFiles };
}

/** The attempt whose mover has seen for itself that the present prime claim's volume was empty, and has filled it since. */
function filledBy({ status }: VolumeRestore): number | undefined {
  const { filledPrime, primeClaimUID } = status ?? {};
  return filledPrime?.claimUID === primeClaimUID ? filledPrime?.attempt : undefined;
}

/**
 * Credentials or settings of the tier that were changed since, and a Secret that somebody deleted: the mover's next try takes what
 * there is now.
 */
export async function renew(tools: Tools, scene: Scene, { access, attempt, message }: Beginning): Promise<Scene> {
  const prepared = planOf(tools, scene, access, attempt);
  if (prepared === undefined) return scene;
  const verified = await access.destination.verifyIdentity({ timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS });
  if (!verified.ok) return scene;
  const secretName = engineOf(tools, scene.restore).secretName(prepared);
  const isNamed = scene.restore.status?.secretName === secretName;
  const restore = isNamed ? scene.restore : await recordRenewal(tools, scene, { secretName, message });
  // A mover that was allowed to start stays so, also one of the first versions, which began without a look.
  await engineOf(tools, restore).start({ ...prepared, restore, paused: false });
  return { ...scene, restore };
}

async function recordRenewal(
  tools: Tools,
  { restore }: Scene,
  { secretName, message }: { readonly secretName: string | undefined; readonly message: string },
): Promise<VolumeRestore> {
  await removeFormerSecret(tools, restore, secretName);
  const status = secretName === undefined ? {} : { secretName };
  const progress = { status, stalled: true, reason: 'RestoreFailing', message };
  return await recordProgress(tools.context, restore, progress);
}
