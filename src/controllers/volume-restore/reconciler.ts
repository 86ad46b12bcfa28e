import type { SnapshotReference } from '../../api/snapshot.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { primeClaimName } from '../../domain/object-names.ts';
import { proveRestore, type RestoreReport } from '../../domain/proof.ts';
import type { RepositoryCache } from '../../engines/restic/repository-cache.ts';
import { isAlreadyExists, isConflict } from '../../kube/errors.ts';
import { objectKey, ownerReference } from '../../kube/kind.ts';
import { persistentVolumeClaims, persistentVolumes, type PersistentVolumeClaim } from '../../kube/objects.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import { type ControllerContext, rfc3339, tell, warn } from '../context.ts';
import { moverUserOf } from '../mover-user.ts';
import { openRepository, type OpenedRepository, type RepositoryAccess, secretDigest } from '../repository-access.ts';
import { discardAttempt, observeAttempt, type RunningAttempt, startAttempt } from './attempt.ts';
import { handOverVolume, restoredContent } from './bind.ts';
import type { MoverLogWatch } from './mover-log-watch.ts';
import { buildPrimeClaim, SELECTED_NODE_ANNOTATION } from './prime-claim.ts';
import { resolveSnapshot } from './resolve.ts';
import { type Progress, recordProgress } from './status.ts';

/** How many certain answers in a row it takes to believe that there is no backup. */
const CERTAIN_NONES = 3;
/**
 * Between two answers that count. All of them together last longer than a destination is trusted to be the right one
 * without looking again (see StoredDestinationOptions), so that a store which is exchanged or emptied meanwhile is noticed.
 */
const NONE_REPEAT_MILLISECONDS = 4_000;
const HOLD_MINIMUM_MILLISECONDS = 5_000;
const HOLD_MAXIMUM_MILLISECONDS = 60_000;
const ENGINE_LOOK_MILLISECONDS = 30_000;
const LOG_WAIT_MILLISECONDS = 2_000;
const RETRY_MILLISECONDS = 30_000;
const COPY_LAG_MILLISECONDS = 200;

const primeClaimReplaced = {
  reason: 'PrimeClaimReplaced',
  message: 'the prime claim was deleted and made anew, so what was restored is gone',
};

/** A restore and its claim, both alive. */
interface Scene {
  readonly restore: VolumeRestore;
  readonly claim: PersistentVolumeClaim;
}

/** What a step ends with: a result stops here, a scene goes on to the next step. */
type Step = { readonly result: Result } | Scene;

/** A scene with the prime claim in it. */
interface PrimedScene extends Scene {
  readonly prime: PersistentVolumeClaim;
}

type PrimedStep = { readonly result: Result } | PrimedScene;

const short = (snapshot: SnapshotReference): string => `${snapshot.id.slice(0, 8)} of ${snapshot.time}`;

/**
 * Fills the claims that name a VolumeRestore: resolve the snapshot, provision a prime claim, restore into it, prove the
 * result, hand the volume over. Every step can be repeated, and a restart at any point goes on from the objects' state.
 */
export class VolumeRestoreReconciler {
  readonly #context: ControllerContext;
  readonly #cache: RepositoryCache;
  readonly #logs: MoverLogWatch;

  constructor(context: ControllerContext, cache: RepositoryCache, logs: MoverLogWatch) {
    this.#context = context;
    this.#cache = cache;
    this.#logs = logs;
  }

  readonly reconcile = async (key: string): Promise<Result> => {
    try {
      return await this.#advance(key);
    } catch (error) {
      // The local copy lags behind what was written last; nothing was done that its arrival would not lead to.
      if (isConflict(error)) return requeueAfter(COPY_LAG_MILLISECONDS);
      throw error;
    }
  };

  async #advance(key: string): Promise<Result> {
    const restore = this.#context.stores.volumeRestores.get(key);
    if (restore === undefined || restore.metadata.deletionTimestamp !== undefined) return done();
    if (restore.status?.phase === 'Completed') return done();
    const claim = await this.#claimOf(restore);
    // The claim owns the restore: without it, garbage collection takes the restore and all that belongs to it.
    if (claim === undefined) return done();
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
    if (await this.#isHandedOver(scene)) return requeueAfter(ENGINE_LOOK_MILLISECONDS);
    const resolved = await this.#resolve(scene);
    if ('result' in resolved) return resolved.result;
    const provisioned = await this.#provision(resolved);
    if ('result' in provisioned) return provisioned.result;
    const restored = await this.#restore(provisioned);
    return 'result' in restored ? restored.result : await this.#handOver(restored);
  }

  async #isHandedOver({ restore, claim }: Scene): Promise<boolean> {
    const { volumeName } = restore.status ?? {};
    if (volumeName === undefined) return false;
    const volume = await this.#context.client.get(persistentVolumes, { name: volumeName });
    return volume?.spec.claimRef?.uid === claim.metadata.uid;
  }

  /** Steps 1 and 2: which snapshot, or certainly none. */
  async #resolve({ restore, claim }: Scene): Promise<Step> {
    if (restore.status?.snapshot !== undefined || restore.status?.blank === true) return { restore, claim };
    const tooSoonMilliseconds = this.#untilNextNone(restore);
    if (tooSoonMilliseconds > 0) return { result: requeueAfter(tooSoonMilliseconds) };
    const opened = this.#open(restore);
    if (!opened.ok) return await this.#hold({ restore, claim }, opened.reason, opened.message);
    const resolution = await resolveSnapshot(this.#cache, opened.access, restore);
    switch (resolution.kind) {
      case 'wait':
        return await this.#hold({ restore, claim }, resolution.reason, resolution.message);
      case 'none':
        return await this.#countNone({ restore, claim });
      case 'snapshot': {
        const choice = moverUserOf(this.#context.stores, claim, resolution.record?.mover);
        if (!choice.ok) return await this.#hold({ restore, claim }, 'MalformedMoverUser', choice.message);
        const message = `Restoring snapshot ${short(resolution.snapshot)} into the claim.`;
        tell(this.#context, claim, 'Restoring', message);
        const status = { phase: 'Provisioning', snapshot: resolution.snapshot, moverUser: choice.user } as const;
        return { claim, restore: await this.#record(restore, { status, reason: 'Restoring', message }) };
      }
    }
  }

  #open(restore: VolumeRestore): OpenedRepository {
    const policy = this.#context.stores.policies.get(restore.spec.policyName);
    if (policy === undefined) {
      return { ok: false, reason: 'UnknownTier', message: `BackupPolicy ${restore.spec.policyName} does not exist` };
    }
    const { namespace = '' } = restore.metadata;
    return openRepository(this.#context, policy, { namespace, name: restore.spec.claimName });
  }

  async #hold({ restore, claim }: Scene, reason: string, why: string): Promise<{ readonly result: Result }> {
    const message = `The claim waits, unbound, and no data is at risk: ${why}. It goes on by itself once this is mended.`;
    warn(this.#context, claim, 'RestoreHeld', message);
    const status = { phase: 'Probing', certainNones: 0 } as const;
    await this.#record(restore, { status, stalled: true, reason, message });
    return { result: requeueAfter(this.#holdMilliseconds(restore)) };
  }

  /** Often at first, then less: a tenth of the time waited so far. */
  #holdMilliseconds(restore: VolumeRestore): number {
    const since = Date.parse(restore.metadata.creationTimestamp ?? '');
    const waited = Number.isNaN(since) ? 0 : this.#context.now() - since;
    return Math.min(HOLD_MAXIMUM_MILLISECONDS, Math.max(HOLD_MINIMUM_MILLISECONDS, waited / 10));
  }

  /** How long to wait until another "none" counts. */
  #untilNextNone({ status }: VolumeRestore): number {
    if (status?.lastNoneTime === undefined || status.certainNones === 0) return 0;
    const untilMilliseconds = Date.parse(status.lastNoneTime) + NONE_REPEAT_MILLISECONDS - this.#context.now();
    return Math.min(NONE_REPEAT_MILLISECONDS, untilMilliseconds);
  }

  async #countNone({ restore, claim }: Scene): Promise<Step> {
    const certainNones = (restore.status?.certainNones ?? 0) + 1;
    const lastNoneTime = rfc3339(this.#context.now());
    if (certainNones < CERTAIN_NONES) {
      const message = `The destination says that there is no backup of this claim (${certainNones} of ${CERTAIN_NONES} answers).`;
      await this.#record(restore, {
        status: { phase: 'Probing', certainNones, lastNoneTime },
        reason: 'NoBackup',
        message,
      });
      return { result: requeueAfter(NONE_REPEAT_MILLISECONDS) };
    }
    const message = 'There is certainly no backup of this claim: it gets a blank volume.';
    tell(this.#context, claim, 'NoBackup', message);
    const status = { phase: 'Provisioning', blank: true, certainNones, lastNoneTime } as const;
    return { claim, restore: await this.#record(restore, { status, reason: 'NoBackup', message }) };
  }

  /** Step 3: a claim of our own that gets the volume first. */
  async #provision({ restore, claim }: Scene): Promise<PrimedStep> {
    const name = primeClaimName(ownerReference(restore).uid);
    const { namespace } = claim.metadata;
    const known = this.#context.stores.primes.get(objectKey({ namespace, name }));
    if (known !== undefined) return { restore, claim, prime: known };
    if (this.#waitsForNode(claim)) {
      const message =
        'The storage class binds when a pod first uses the claim: the restore begins once a pod was scheduled.';
      await this.#record(restore, { reason: 'WaitingForConsumer', message });
      return { result: requeueAfter(ENGINE_LOOK_MILLISECONDS) };
    }
    try {
      const prime = await this.#context.client.create(persistentVolumeClaims, buildPrimeClaim(claim, restore));
      return { restore, claim, prime };
    } catch (error) {
      // The local copy lags: the claim's arrival there brings the restore back here.
      if (isAlreadyExists(error)) return { result: requeueAfter(ENGINE_LOOK_MILLISECONDS) };
      throw error;
    }
  }

  #waitsForNode(claim: PersistentVolumeClaim): boolean {
    const storageClass = this.#context.stores.storageClasses.get(claim.spec.storageClassName ?? '');
    const node = claim.metadata.annotations?.[SELECTED_NODE_ANNOTATION];
    return storageClass?.volumeBindingMode === 'WaitForFirstConsumer' && node === undefined;
  }

  /** Steps 4 and 5: restore into the prime claim, and prove what came back. */
  async #restore(scene: PrimedScene): Promise<PrimedStep> {
    const { restore, prime } = scene;
    const { snapshot, provenTime, blank, primeClaimUID } = restore.status ?? {};
    if (blank === true || snapshot === undefined) return scene;
    const attempt = Math.max(1, restore.status?.attempts ?? 1);
    if (primeClaimUID !== undefined && primeClaimUID !== prime.metadata.uid) {
      return await this.#again(scene, attempt, primeClaimReplaced);
    }
    return provenTime === undefined ? await this.#attempt(scene, snapshot, attempt) : scene;
  }

  async #attempt(scene: PrimedScene, snapshot: SnapshotReference, attempt: number): Promise<PrimedStep> {
    const { restore } = scene;
    const state = observeAttempt(this.#context, this.#logs, restore, attempt);
    switch (state.kind) {
      case 'absent':
        return await this.#begin(scene, snapshot, attempt);
      case 'running':
        return await this.#watchOver(scene, attempt, state);
      case 'ended':
        if (!state.heardAll) return { result: requeueAfter(LOG_WAIT_MILLISECONDS) };
        return await this.#judge(scene, snapshot, { attempt, report: state.report });
    }
  }

  async #begin(scene: PrimedScene, snapshot: SnapshotReference, attempt: number): Promise<PrimedStep> {
    const { restore, prime } = scene;
    const access = this.#open(restore);
    if (!access.ok) return await this.#hold(scene, access.reason, access.message);
    const chosen = attempt === 1 ? snapshot : await this.#chooseAgain(scene, access.access, snapshot);
    if ('result' in chosen) return chosen;
    const message = `The mover restores snapshot ${short(chosen)} (attempt ${attempt}).`;
    // Recorded first: a proof must never outlive the prime claim that it speaks of.
    const primeClaimUID = prime.metadata.uid;
    const status = { phase: 'Restoring', attempts: attempt, primeClaimUID, snapshot: chosen } as const;
    const recorded = await this.#record(restore, { status, reason: 'Restoring', message });
    await this.#start({ ...scene, restore: recorded }, access.access, attempt);
    return { result: requeueAfter(ENGINE_LOOK_MILLISECONDS) };
  }

  /** A snapshot that did not come back may be gone, or a newer one be there: what is in the destination now counts. */
  async #chooseAgain(
    scene: Scene,
    access: RepositoryAccess,
    snapshot: SnapshotReference,
  ): Promise<SnapshotReference | { readonly result: Result }> {
    const resolution = await resolveSnapshot(this.#cache, access, scene.restore);
    switch (resolution.kind) {
      case 'snapshot':
        return resolution.snapshot;
      case 'wait':
        return await this.#hold(scene, resolution.reason, resolution.message);
      case 'none': {
        const message = `snapshot ${short(snapshot)} was there a while ago, and now there is none. Bring the repository back, or delete the claim and create it again to let it start blank`;
        return await this.#hold(scene, 'BackupVanished', message);
      }
    }
  }

  async #start({ restore }: Scene, access: RepositoryAccess, attempt: number): Promise<void> {
    const { snapshot, moverUser = {} } = restore.status ?? {};
    const policy = this.#context.stores.policies.get(restore.spec.policyName);
    if (policy === undefined || snapshot === undefined) return;
    const snapshotTimeMilliseconds = Date.parse(snapshot.time);
    await startAttempt(this.#context, { restore, policy, access, moverUser, attempt, snapshotTimeMilliseconds });
  }

  async #watchOver(scene: Scene, attempt: number, running: RunningAttempt): Promise<PrimedStep> {
    const { restore, claim } = scene;
    const { complaint, digest } = running;
    if (complaint === undefined) return { result: requeueAfter(ENGINE_LOOK_MILLISECONDS) };
    const opened = this.#open(restore);
    // Credentials that were exchanged since: the mover's next try takes the new ones.
    if (opened.ok && digest !== secretDigest(opened.access)) await this.#start(scene, opened.access, attempt);
    const message = `The restore fails and is tried again; the claim waits, unbound. The mover says: ${complaint}`;
    warn(this.#context, claim, 'RestoreFailing', message);
    await this.#record(restore, { stalled: true, reason: 'RestoreFailing', message });
    return { result: requeueAfter(ENGINE_LOOK_MILLISECONDS) };
  }

  async #judge(
    scene: PrimedScene,
    snapshot: SnapshotReference,
    ended: { readonly attempt: number; readonly report: RestoreReport },
  ): Promise<PrimedStep> {
    const { report, attempt } = ended;
    const expectation = { snapshotId: snapshot.id, sizeBytes: snapshot.sizeBytes, files: snapshot.files };
    const verdict = proveRestore(expectation, report);
    if (verdict.kind === 'mismatch') {
      return await this.#again(scene, attempt, { reason: 'RestoreMismatch', message: verdict.message });
    }
    if (verdict.kind === 'unproven') {
      return await this.#again(scene, attempt, { reason: 'RestoreUnproven', message: verdict.message });
    }
    const message = `Proven: ${verdict.message}.`;
    tell(this.#context, scene.claim, 'RestoreProven', message);
    const restored = {
      snapshotId: snapshot.id,
      ...(report.entries === undefined ? {} : { files: report.entries }),
      ...(report.sizeBytes === undefined ? {} : { sizeBytes: report.sizeBytes }),
    };
    const status = { phase: 'Proven', restored, provenTime: rfc3339(this.#context.now()) } as const;
    return { ...scene, restore: await this.#record(scene.restore, { status, reason: 'Proven', message }) };
  }

  /** Throws an attempt away and lets the next one begin. */
  async #again(
    { restore, claim }: Scene,
    attempt: number,
    why: { readonly reason: string; readonly message: string },
  ): Promise<PrimedStep> {
    await discardAttempt(this.#context, this.#logs, restore, attempt);
    const message = `The restore was not accepted and is done again; the claim waits, unbound: ${why.message}.`;
    warn(this.#context, claim, why.reason, message);
    const { provenTime: _proof, primeClaimUID: _prime, restored: _report, ...status } = restore.status ?? {};
    const anew = { ...restore, status: { ...status, phase: 'Restoring' as const, attempts: attempt + 1 } };
    await this.#record(anew, { stalled: true, reason: why.reason, message });
    return { result: requeueAfter(attempt === 1 ? 0 : RETRY_MILLISECONDS) };
  }

  /** Step 6: the volume changes hands. */
  async #handOver({ restore, claim, prime }: PrimedScene): Promise<Result> {
    if (prime.spec.volumeName === undefined || prime.status?.phase === 'Pending') return done();
    const outcome = await handOverVolume(this.#context.client, restore, prime, claim);
    if (outcome.kind === 'lost') {
      // Another prime claim gets another volume, and is filled again.
      const { uid } = prime.metadata;
      await this.#context.client.delete(persistentVolumeClaims, prime.metadata, { preconditions: { uid } });
      const held = await this.#hold({ restore, claim }, 'VolumeLost', outcome.message);
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
    for (let attempt = 1; attempt <= (restore.status?.attempts ?? 0); attempt += 1) {
      await discardAttempt(this.#context, this.#logs, restore, attempt);
    }
    const { namespace } = claim.metadata;
    await this.#context.client.delete(persistentVolumeClaims, {
      namespace,
      name: primeClaimName(ownerReference(restore).uid),
    });
    // The volume itself says what it was filled with, and for whom: the restore's own record may have been lost.
    const content = await restoredContent(this.#context.client, claim);
    if (content === undefined) return await this.#boundElsewhere({ restore, claim });
    const snapshot = restore.status?.snapshot;
    const message =
      content === 'blank'
        ? 'Bound to a blank volume: there was certainly no backup.'
        : `Bound with snapshot ${snapshot?.id === content ? short(snapshot) : content.slice(0, 8)} restored and proven.`;
    tell(this.#context, claim, 'RestoreCompleted', message);
    const completionTime = rfc3339(this.#context.now());
    const provenTime = restore.status?.provenTime ?? completionTime;
    const status = { phase: 'Completed', completionTime, provenTime } as const;
    await recordProgress(this.#context, restore, { status, ready: true, reason: 'Completed', message });
    return done();
  }

  async #boundElsewhere({ restore, claim }: Scene): Promise<Result> {
    const message = `The claim was bound to volume ${claim.spec.volumeName ?? ''} before its restore was proven: a pre-provisioned volume matched it. Its backups are withheld.`;
    warn(this.#context, claim, 'BoundUnproven', message);
    await recordProgress(this.#context, restore, { stalled: true, reason: 'BoundUnproven', message });
    return done();
  }

  async #record(restore: VolumeRestore, progress: Progress): Promise<VolumeRestore> {
    return await recordProgress(this.#context, restore, progress);
  }
}
