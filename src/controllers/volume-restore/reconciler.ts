import type { VolumeRestore } from '../../api/volume-restore.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import { isAlreadyExists, isConflict } from '../../kube/client/errors.ts';
import { objectKey } from '../../kube/model/kind.ts';
import { NO_PROVISIONER, persistentVolumeClaims, type PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import { ageMilliseconds, type ControllerContext, tell } from '../context.ts';
import { awaitBinding } from './await-binding.ts';
import { endLastAttempt } from './await-old-movers.ts';
import { handOverVolume, restoredContent } from './bind.ts';
import { confirmBlank } from './confirm-blank.ts';
import { chooseContent } from './choose-content.ts';
import { chooseEngine } from './choose-engine.ts';
import { awaitVolume, hasVolume } from './clear-prime.ts';
import { fillPrime } from './fill-prime.ts';
import { awaitNoForeignVolume } from './free-volumes.ts';
import type { RestoreEngines } from '../../engines/engine.ts';
import { followTier } from './follow-tier.ts';
import { makePrime } from './make-prime.ts';
import { PODS_BY_CLAIM, SELECTED_NODE_ANNOTATION } from '../../kube/model/placement.ts';
import { tellRefusedRestore } from './refusal.ts';
import { primeRefOf } from './prime-ref.ts';
import { removePrime } from './remove-prime.ts';
import { isRefused, settleRefused } from './refused-volumes.ts';
import {
  ENGINE_LOOK_MILLISECONDS,
  engineOf,
  hold,
  type PrimedScene,
  type PrimedStep,
  type Scene,
  short,
  showWait,
  type Tools,
} from './scene.ts';
import { type Progress, recordProgress } from './status.ts';

const COPY_LAG_MILLISECONDS = 200;

/**
 * Fills the claims that name a VolumeRestore: resolve the snapshot, provision a prime claim, restore into it, prove the
 * result, hand the volume over. Every step can be repeated, and a restart at any point goes on from the objects' state.
 */
export class VolumeRestoreReconciler {
  readonly #context: ControllerContext;
  readonly #tools: Tools;

  constructor(context: ControllerContext, cache: RepositoryCache, engines: RestoreEngines) {
    this.#context = context;
    this.#tools = { context, cache, engines };
  }

  readonly reconcile = (key: string): Promise<Result> =>
    this.#context.movers.whileLooking('restore', key, () => this.#reconcile(key));

  async #reconcile(key: string): Promise<Result> {
    try {
      return await this.#advance(key);
    } catch (error) {
      // The local copy lags behind what was written last; nothing was done that its arrival would not lead to.
      if (isConflict(error)) return requeueAfter(COPY_LAG_MILLISECONDS);
      const told = await tellRefusedRestore(this.#tools, key, error);
      if (told !== undefined) return told;
      throw error;
    }
  }

  async #advance(key: string): Promise<Result> {
    const restore = this.#context.stores.volumeRestores.get(key);
    if (restore === undefined || restore.metadata.deletionTimestamp !== undefined) return done();
    if (restore.status?.phase === 'Completed') return done();
    const claim = await this.#claimOf(restore);
    // The claim owns the restore: without it, garbage collection takes the restore and all that belongs to it.
    // A claim that lost its volume can get no other: only the same one, coming back, makes it Bound again.
    if (claim === undefined || claim.status?.phase === 'Lost') return done();
    if (claim.status?.phase === 'Bound') return await this.#finish({ restore, claim });
    return await this.#fill({ restore, claim });
  }

  async #claimOf(restore: VolumeRestore): Promise<PersistentVolumeClaim | undefined> {
    const { namespace } = restore.metadata;
    const ref = { namespace, name: restore.spec.claimName };
    const known = this.#context.stores.claims.get(objectKey(ref));
    const claim = known ?? (await this.#context.client.get(persistentVolumeClaims, ref));
    if (claim?.metadata.uid !== restore.spec.claimUID) return undefined;
    return claim.metadata.deletionTimestamp === undefined ? claim : undefined;
  }

  async #fill(scene: Scene): Promise<Result> {
    const binding = await awaitBinding(this.#tools, scene);
    if (binding !== undefined) return binding.result;
    const followed = await followTier(this.#tools, scene);
    const resolved = await chooseContent(this.#tools, followed);
    if ('result' in resolved) return resolved.result;
    const provisioned = await this.#provision(resolved);
    if ('result' in provisioned) return provisioned.result;
    const restored = await fillPrime(this.#tools, provisioned);
    return 'result' in restored ? restored.result : await this.#handOver(restored);
  }

  /** Step 3: a claim of our own that gets the volume first. */
  async #provision({ restore, claim }: Scene): Promise<PrimedStep> {
    const known = this.#context.stores.primes.get(objectKey(primeRefOf(restore)));
    if (known !== undefined && !isRefused(restore, known)) return { restore, claim, prime: known };
    const settled = await settleRefused(this.#tools, { restore, claim });
    if ('result' in settled) return settled;
    if (this.#waitsForNode(claim)) return await this.#awaitConsumer({ restore, claim });
    const chosen = await chooseEngine(this.#tools, { restore, claim });
    if ('result' in chosen) return chosen;
    const ending = await endLastAttempt(this.#tools, { restore, claim });
    if (ending !== undefined) return ending;
    const foreign = await awaitNoForeignVolume(this.#tools, { restore, claim });
    if (foreign !== undefined) return foreign;
    try {
      return { restore, claim, prime: await makePrime(this.#context, restore, claim) };
    } catch (error) {
      // The local copy lags: the claim's arrival there brings the restore back here.
      if (isAlreadyExists(error)) return { result: requeueAfter(ENGINE_LOOK_MILLISECONDS) };
      throw error;
    }
  }

  async #awaitConsumer(scene: Scene): Promise<PrimedStep> {
    return await showWait(this.#tools, scene, {
      reason: 'WaitingForConsumer',
      message: 'The storage class binds when a pod first uses the claim: the restore begins once a pod was scheduled.',
      advice: 'Start the pod, or see why it cannot be scheduled.',
      waitedMilliseconds: ageMilliseconds(this.#context, scene.claim.metadata),
    });
  }

  #waitsForNode(claim: PersistentVolumeClaim): boolean {
    const storageClass = this.#context.stores.storageClasses.get(claim.spec.storageClassName ?? '');
    const node = claim.metadata.annotations?.[SELECTED_NODE_ANNOTATION];
    if (storageClass?.volumeBindingMode !== 'WaitForFirstConsumer' || node !== undefined) return false;
    // The scheduler names a node for a volume that is to be made. A class without a provisioner makes none: there, the pod
    // that waits for the claim is all there is to see.
    return storageClass.provisioner !== NO_PROVISIONER || !this.#hasWaitingPod(claim);
  }

  #hasWaitingPod(claim: PersistentVolumeClaim): boolean {
    const pods = this.#context.stores.pods.byIndex(PODS_BY_CLAIM, objectKey(claim.metadata));
    return pods.some((pod) => pod.status?.phase === 'Pending');
  }

  /** Step 6: the volume changes hands. */
  async #handOver(scene: PrimedScene): Promise<Result> {
    if (!hasVolume(scene.prime)) return (await awaitVolume(this.#tools, scene)).result;
    const confirmed = await confirmBlank(this.#tools, scene);
    if ('result' in confirmed) return confirmed.result;
    const { restore, claim, prime } = confirmed;
    const outcome = await handOverVolume(this.#context.client, restore, prime, claim);
    if (outcome.kind === 'lost') {
      // Another prime claim gets another volume, and is filled again.
      const { uid } = prime.metadata;
      await this.#context.client.delete(persistentVolumeClaims, prime.metadata, { preconditions: { uid } });
      const held = await hold(this.#tools, { restore, claim }, 'VolumeLost', outcome.message);
      return held.result;
    }
    const { volumeName } = outcome;
    const message = `Volume ${volumeName} is handed to the claim.`;
    const provenTime = restore.status?.provenTime ?? rfc3339(this.#context.now());
    await this.#record(restore, { status: { phase: 'Binding', volumeName, provenTime }, reason: 'Binding', message });
    return done();
  }

  /** Step 7: the claim is bound; what the restore needed goes. */
  async #finish({ restore, claim }: Scene): Promise<Result> {
    // All of it went before that was recorded.
    if (restore.status?.boundElsewhere === true) return done();
    await engineOf(this.#tools, restore).discardAll(restore);
    if (!(await removePrime(this.#context, restore))) return requeueAfter(COPY_LAG_MILLISECONDS);
    // The volume itself says what it was filled with, and for whom: the restore's own record may have been lost.
    const content = await restoredContent(this.#context.client, claim);
    if (content === undefined) return await this.#boundElsewhere({ restore, claim });
    const snapshot = restore.status?.snapshot;
    const message =
      content === 'blank'
        ? 'Bound to a blank volume: there was certainly no backup.'
        : `Bound with snapshot ${snapshot?.id === content ? short(snapshot) : content.slice(0, 8)} restored and proven.`;
    const completionTime = rfc3339(this.#context.now());
    const provenTime = restore.status?.provenTime ?? completionTime;
    const status = { phase: 'Completed', completionTime, provenTime } as const;
    // Told first, for it is so by now, and nobody tells it once it is recorded: a process may die in between.
    tell(this.#context, claim, 'RestoreCompleted', message);
    await this.#record(restore, { status, ready: true, reason: 'Completed', message });
    return done();
  }

  /** The claim's protection tells it: backups are what this endangers. */
  async #boundElsewhere({ restore, claim }: Scene): Promise<Result> {
    const message = `The claim was bound to volume ${claim.spec.volumeName ?? ''} before its restore was proven: a pre-provisioned volume matched it. Its backups are withheld.`;
    const status = { boundElsewhere: true };
    await this.#record(restore, { status, stalled: true, reason: 'BoundUnproven', message });
    return done();
  }

  async #record(restore: VolumeRestore, progress: Progress): Promise<VolumeRestore> {
    return await recordProgress(this.#context, restore, progress);
  }
}
