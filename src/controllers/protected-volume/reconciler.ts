import {
  DECISION_REASON_ANNOTATION,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  TIER_LABEL,
  TAKE_OVER_ANNOTATION,
} from '../../api/labels.ts';
import type { ProtectedVolume, ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import {
  backupGate,
  type BackupGate,
  type BackupGateFacts,
  CONSUMER_GRACE_MILLISECONDS,
} from '../../domain/backup-gate.ts';
import { standingDecision } from '../../domain/decision-token.ts';
import { nameForClaim } from '../../domain/object-names.ts';
import { answeredTakeOver } from '../../domain/ownership.ts';
import { judgeProtection, type ProtectionFacts, type ProtectionVerdict } from '../../domain/protection.ts';
import { unrestoredReason, unsupportedReason } from '../../domain/unrestored-claims.ts';
import type { BackupEngines } from '../../engines/engine.ts';
import type { RepositoryCache } from '../../repositories/restic/repository-cache.ts';
import { isConflict, isNotFound } from '../../kube/client/errors.ts';
import { objectKey, ownerReference, splitNamespacedKey } from '../../kube/model/kind.ts';
import { persistentVolumeClaims, type PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { protectedVolumes } from '../../api/resource-kinds.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import { claimFactsOf } from '../claim-facts.ts';
import { ageMilliseconds, type ControllerContext, warn } from '../context.ts';
import type { MoverLogWatch } from '../../engines/volsync/mover-log-watch.ts';
import { PODS_BY_CLAIM } from '../../kube/model/placement.ts';
import { AbandonedSnapshots } from './abandoned-snapshots.ts';
import { backUp, type BackupTools } from './backup.ts';
import { removeCopiedSchedule } from './copied-schedules.ts';
import { endRuns, hasBegun } from './begun-backups.ts';
import { FailedMovers } from './ended-movers.ts';
import { FailedBackupLocks } from './failed-backup-locks.ts';
import { type BackupFindings, nothingFound } from './findings.ts';
import { LeftAloneClaims } from './left-alone.ts';
import { makeRestore } from './make-restore.ts';
import { isBoundElsewhere, isCompleted, observeProtection, type Protection, provenClaimUID } from './observe.ts';
import { releaseClaim } from './release-claim.ts';
import { tellRefusedProtection } from './refusal.ts';
import { FindingTeller, standingFinding } from './restore-finding.ts';
import { ownershipOf, removeSchedule } from './schedule-owner.ts';
import { recordProtection } from './status.ts';
import { VELERO_LOOK_MILLISECONDS, veleroRestoreUnderWay } from './velero-restore.ts';

const COPY_LAG_MILLISECONDS = 200;

const SCHEDULE_ADVICE = 'look whether VolSync runs, and at the pods volsync-src-* of this namespace';

export interface ProtectionTools {
  readonly context: ControllerContext;
  readonly cache: RepositoryCache;
  readonly logs: MoverLogWatch;
  readonly engines: BackupEngines;
}

/** Keeps one ProtectedVolume per labelled claim, and its backups running once they may. The key is the claim's. */
export class ProtectedVolumeReconciler {
  readonly #context: ControllerContext;
  readonly #backupTools: BackupTools;
  readonly #leftAlone: LeftAloneClaims;
  readonly #failedBackupLocks: FailedBackupLocks;
  readonly #abandonedSnapshots: AbandonedSnapshots;
  readonly #findings: FindingTeller;

  constructor({ context, cache, logs, engines }: ProtectionTools, excludedNamespaces: readonly string[]) {
    this.#context = context;
    const failedMovers = new FailedMovers(context);
    this.#backupTools = { context, engines, cache, logs, failedMovers, settled: new Map() };
    this.#leftAlone = new LeftAloneClaims(context, excludedNamespaces);
    this.#failedBackupLocks = new FailedBackupLocks(context, cache);
    this.#abandonedSnapshots = new AbandonedSnapshots(context);
    this.#findings = new FindingTeller(context);
  }

  readonly reconcile = (key: string): Promise<Result> =>
    this.#context.movers.whileLooking('backup', key, () => this.#reconcile(key));

  async #reconcile(key: string): Promise<Result> {
    try {
      return await this.#look(key);
    } catch (error) {
      // The local copies lag behind what was written last.
      if (isConflict(error)) return requeueAfter(COPY_LAG_MILLISECONDS);
      const told = await tellRefusedProtection(this.#context, key, error);
      if (told !== undefined) return told;
      // What is left to do comes with the news of its deletion.
      if (isNotFound(error) && (await this.#isGoing(key))) return done();
      throw error;
    }
  }

  /** Whether the claim is going, is gone, or is another one by now, of which the local copy knows nothing yet. */
  async #isGoing(key: string): Promise<boolean> {
    const known = this.#context.stores.claims.get(key);
    const present = await this.#context.client.get(persistentVolumeClaims, splitNamespacedKey(key));
    return present?.metadata.deletionTimestamp !== undefined || present?.metadata.uid !== known?.metadata.uid;
  }

  async #look(key: string): Promise<Result> {
    const { namespace } = splitNamespacedKey(key);
    const claim = this.#context.stores.claims.get(key);
    if (this.#leftAlone.isExcluded(namespace)) {
      this.#leftAlone.tellExcluded(claim);
      return done();
    }
    await removeCopiedSchedule(this.#context, key, claim);
    if (claim === undefined) return await this.#unprotect(key);
    if (claim.metadata.deletionTimestamp !== undefined) return done();
    if (this.#leftAlone.isHelper(claim)) {
      await this.#leftAlone.releaseHelper(this.#context.stores.protectedVolumes.get(key));
      return done();
    }
    const protection = observeProtection(this.#context.stores, claim);
    const volume = await this.#ensureProtectedVolume(protection);
    await makeRestore(this.#context, protection, volume);
    return await this.#protect(protection, volume);
  }

  /** The label is gone, or the claim is. In the first case backups stop, and what that means is said. */
  async #unprotect(key: string): Promise<Result> {
    const volume = this.#context.stores.protectedVolumes.get(key);
    if (volume === undefined) return await this.#releaseSnapshot(key);
    if (volume.status?.claimUID !== undefined) this.#findings.forget(volume.status.claimUID);
    this.#backupTools.logs.forget(engineKeyOf(volume));
    await releaseClaim(this.#context, volume);
    if (volume.metadata.deletionTimestamp !== undefined) return done();
    const claim = await this.#context.client.get(persistentVolumeClaims, splitNamespacedKey(key));
    if (claim === undefined) return await this.#removeOwnerless(volume);
    // A claim that goes takes its ProtectedVolume along: it owns it.
    if (claim.metadata.deletionTimestamp !== undefined) return done();
    if (claim.metadata.labels?.[TIER_LABEL] !== undefined) return requeueAfter(1_000);
    warn(
      this.#context,
      claim,
      'BackupsStopped',
      `Label ${TIER_LABEL} was removed: backups stop. The backups taken so far stay in the destination, but a claim created again without the label starts blank.`,
    );
    await this.#context.client.delete(protectedVolumes, volume.metadata, { propagationPolicy: 'Background' });
    return done();
  }

  /** A claim that is gone takes its ProtectedVolume along; but a copy that a tool has made belongs to nobody. */
  async #removeOwnerless({ metadata }: ProtectedVolume): Promise<Result> {
    const { uid, ownerReferences = [] } = metadata;
    if (ownerReferences.length > 0 || uid === undefined) return done();
    const options = { propagationPolicy: 'Background', preconditions: { uid } } as const;
    await this.#context.client.delete(protectedVolumes, metadata, options);
    return done();
  }

  /** The ProtectedVolume is gone, and with it what backed the claim up. */
  async #releaseSnapshot(key: string): Promise<Result> {
    const milliseconds = await this.#abandonedSnapshots.release(key, undefined);
    return milliseconds === undefined ? done() : requeueAfter(milliseconds);
  }

  async #ensureProtectedVolume({ claim, tier, volume }: Protection): Promise<ProtectedVolume> {
    const { namespace, name, uid } = claim.metadata;
    const isOwned = volume?.metadata.ownerReferences?.some((owner) => owner.uid === uid) ?? false;
    if (volume !== undefined && isOwned && volume.spec.policyName === tier) return volume;
    const desired = {
      metadata: {
        name,
        namespace,
        labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
        ownerReferences: [ownerReference(claim)],
      },
      spec: { claimName: name, policyName: tier },
    };
    return await this.#context.client.apply(protectedVolumes, desired);
  }

  async #protect(protection: Protection, volume: ProtectedVolume): Promise<Result> {
    const { claim, source } = protection;
    const isBegun = hasBegun(this.#backupTools, protection);
    const otherRestore = isBegun ? undefined : await veleroRestoreUnderWay(this.#context, claim);
    const gate = this.#gate(protection, volume, otherRestore);
    const findings = gate.open ? await backUp(this.#backupTools, protection, volume) : nothingFound;
    const mustStop = !gate.open || findings.facts.foreignOwner !== undefined;
    const untilStopped = mustStop ? await this.#stopBackups(protection, volume) : undefined;
    const status = this.#withAnswers(claim, withFindings(this.#baseStatus(protection, volume), findings));
    const verdict = judgeProtection({ ...this.#facts(protection, gate, status), ...findings.facts });
    this.#findings.tell(claim, status);
    await recordProtection(this.#context, { claim, volume }, status, verdict);
    this.#settle(objectKey(claim.metadata), findings.settledIds);
    tellUnrestored(this.#context, claim, volume);
    const others = [
      untilStopped,
      await this.#failedBackupLocks.clear(protection, findings.facts.backupTrouble),
      await this.#abandonedSnapshots.release(objectKey(claim.metadata), source),
    ];
    return this.#lookAgain(protection, findings, verdict, others);
  }

  #withAnswers({ metadata }: PersistentVolumeClaim, status: ProtectedVolumeStatus): ProtectedVolumeStatus {
    const { answeredTakeOver: answered, ...rest } = status;
    const request = { asked: metadata.annotations?.[TAKE_OVER_ANNOTATION], answered };
    const value = answeredTakeOver(request, status.owner === this.#context.clusterUid);
    return { ...rest, ...(value === undefined ? {} : { answeredTakeOver: value }) };
  }

  #facts(protection: Protection, gate: BackupGate, status: ProtectedVolumeStatus): ProtectionFacts {
    const { claim, policy, restore, source, tier } = protection;
    const { lastBackup, lastFinding, collapse, pruningRefused, lastProof } = status;
    return {
      tier,
      policyExists: policy !== undefined,
      suspended: policy?.spec.suspend ?? false,
      gate,
      backupAdvice: SCHEDULE_ADVICE,
      claimAgeMilliseconds: ageMilliseconds(this.#context, claim.metadata),
      scheduleAgeMilliseconds: ageMilliseconds(this.#context, source?.metadata),
      restoreMessage: gate.open ? undefined : restore?.status?.message,
      isOverdue: false,
      lastBackup,
      lastFinding,
      collapse,
      pruningRefused,
      restoredFrom: lastProof?.snapshot ?? restore?.status?.snapshot,
      unrestored: unrestoredReason(claimFactsOf(claim)),
    };
  }

  #settle(key: string, ids: BackupFindings['settledIds']): void {
    if (ids === undefined || ids.size === 0) this.#backupTools.settled.delete(key);
    else this.#backupTools.settled.set(key, ids);
  }

  #lookAgain(
    { claim }: Protection,
    findings: BackupFindings,
    { telling, reason }: ProtectionVerdict,
    others: readonly (number | undefined)[],
  ): Result {
    const graceLeft = telling.when === 'lasting' ? telling.graceLeftMilliseconds : 0;
    const consumerLeft =
      reason === 'NoConsumer' ? CONSUMER_GRACE_MILLISECONDS - ageMilliseconds(this.#context, claim.metadata) : 0;
    const otherRestoreLeft = reason === 'VeleroRestoreUnderWay' ? VELERO_LOOK_MILLISECONDS : 0;
    const left = [findings.lookAgainMilliseconds, graceLeft, consumerLeft, otherRestoreLeft, ...others];
    const times = left.filter((time) => time !== undefined).filter((time) => time > 0);
    return times.length === 0 ? done() : requeueAfter(Math.min(...times));
  }

  /**
   * A schedule that is left from an earlier claim of the same name must not back up what the present one holds. Returns when to look
   * again; undefined when nothing is left.
   */
  async #stopBackups(
    { claim, source, formerSource }: Protection,
    volume: ProtectedVolume,
  ): Promise<number | undefined> {
    for (const one of new Set([source, formerSource])) {
      if (one !== undefined && ownershipOf(one, volume) !== 'foreign') await removeSchedule(this.#context, one);
    }
    return await endRuns(this.#backupTools, claim);
  }

  #gate(protection: Protection, volume: ProtectedVolume, veleroRestore: string | undefined): BackupGate {
    const { claim, restore, restoredByUs } = protection;
    const { uid } = claim.metadata;
    return backupGate({
      claimUID: uid,
      claimBound: claim.status?.phase === 'Bound',
      lost: claim.status?.phase === 'Lost' ? { volumeName: claim.spec.volumeName } : undefined,
      restoredByUs,
      provenClaimUID: isCompleted(restore) ? restore.spec.claimUID : provenClaimUID(volume),
      boundElsewhere: isBoundElsewhere(restore),
      unsupported: unsupportedReason(claimFactsOf(claim)),
      veleroRestore,
      awaitedConsumer: this.#awaitedConsumer(protection),
    });
  }

  /** A fresh claim holds nothing until a pod has used it, and its pods tell whom the mover must run as. */
  #awaitedConsumer(protection: Protection): BackupGateFacts['awaitedConsumer'] {
    const { claim, restoredByUs } = protection;
    const isFresh = ageMilliseconds(this.#context, claim.metadata) < CONSUMER_GRACE_MILLISECONDS;
    if (restoredByUs || !isFresh || hasBegun(this.#backupTools, protection)) return 'none';
    const pods = this.#context.stores.pods.byIndex(PODS_BY_CLAIM, objectKey(claim.metadata));
    if (pods.length === 0) return 'missing';
    return pods.every((pod) => pod.status?.phase === 'Pending') ? 'starting' : 'none';
  }

  #baseStatus({ claim, restore, source }: Protection, volume: ProtectedVolume): ProtectedVolumeStatus {
    const { uid, annotations, namespace, name, creationTimestamp } = claim.metadata;
    const before = volume.status?.claimUID === uid ? volume.status : { conditions: volume.status?.conditions };
    const nextBackupTime = source?.status?.nextSyncTime ?? undefined;
    const { nextBackupTime: _old, restoreFinding: _finding, conditions, ...kept } = before;
    return {
      ...kept,
      ...(conditions === undefined ? {} : { conditions }),
      claimUID: uid,
      decision: standingDecision(annotations, creationTimestamp) ?? 'late',
      repository: `${namespace}/${name}`,
      ...(nextBackupTime === undefined ? {} : { nextBackupTime }),
      ...proofOf(restore),
      ...standingFinding({ claim, restore }, before),
    };
  }
}

/** The status with what was found. What is remembered of the backups replaces what was; without a look it stays. */
function withFindings(base: ProtectedVolumeStatus, { status, memory }: BackupFindings): ProtectedVolumeStatus {
  if (memory === undefined) return { ...base, ...status };
  const { lastBackup: _backup, lastFinding: _finding, collapse: _collapse, ...others } = base;
  const { pruningRefused: _refusal, copySavedAt: _savedAt, ...kept } = others;
  return { ...kept, ...memory, ...status };
}

const engineKeyOf = ({ metadata: { namespace, name } }: ProtectedVolume): string =>
  objectKey({ namespace, name: nameForClaim(name) });

/** What admission warned of, for those who did not see it: once for a claim, when its protection is first recorded. */
function tellUnrestored(context: ControllerContext, claim: PersistentVolumeClaim, volume: ProtectedVolume): void {
  const { annotations, uid, creationTimestamp } = claim.metadata;
  if (standingDecision(annotations, creationTimestamp) !== 'ignore' || volume.status?.claimUID === uid) return;
  const why = annotations?.[DECISION_REASON_ANNOTATION] ?? 'the claim was left alone when it was created.';
  warn(context, claim, 'NotRestored', `No backup was restored into the claim: ${why}`);
}

/** Only of a completed restore: until the claim is bound, a proof can still be withdrawn. */
function proofOf(restore: Protection['restore']): Partial<ProtectedVolumeStatus> {
  const { provenTime, snapshot, blank } = isCompleted(restore) ? (restore.status ?? {}) : {};
  if (provenTime === undefined) return {};
  const message = blank === true ? 'there was certainly no backup' : 'the mover restored this snapshot completely';
  return { lastProof: { time: provenTime, message, ...(snapshot === undefined ? {} : { snapshot }) } };
}
