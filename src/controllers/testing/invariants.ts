import { API_GROUP } from '../../api/group.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { judgeCollapse } from '../../domain/collapse.ts';
import { replicationDestinations, type ReplicationSource, replicationSources } from '../../engines/volsync/kinds.ts';
import { repositorySecretOf } from '../../engines/volsync/replication-source.ts';
import type { KubeObject } from '../../kube/kind.ts';
import { persistentVolumeClaims, persistentVolumes, type PersistentVolumeClaim, secrets } from '../../kube/objects.ts';
import { protectedVolumes, volumeRestores } from '../../kube/rebound-kinds.ts';
import { PRIME_ROLE, ROLE_LABEL, TIER_LABEL } from '../../api/labels.ts';
import type { Content } from './cluster.ts';
import { isObject, type JsonObject } from './json.ts';
import type { TrueSnapshot } from './repository-truth.ts';
import { CLAIM_REF, NAMESPACE, type World } from './world.ts';

/** Invariant by number (docs/invariants.md), or 0 for what is owed once all is well again. */
export interface Violation {
  readonly invariant: 0 | 1 | 2 | 3 | 4 | 15;
  readonly message: string;
}

/** A holder renews its lock long before. */
const STALE_MILLISECONDS = 35 * 60_000;

const readableMoods = new Set(['answers', 'snapshotsFail', 'damaged']);

/** Looks on as a world changes, and says where an invariant did not hold. */
export class Watcher {
  readonly violations: Violation[] = [];
  readonly #world: World;
  /** UIDs of restores that gave up on finding a backup. */
  readonly #blank = new Set<string>();
  /** Volumes that were handed to a claim. */
  readonly #given = new Set<string>();
  /** UIDs of claims that were given the right volume. */
  readonly #proven = new Set<string>();
  #good: TrueSnapshot | undefined;
  #seen = new Set<string>();
  #kept: readonly string[] = [];
  /** When each lock of the repository was first seen. */
  readonly #lockedAt = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    this.#good = world.truth.newest;
    this.#seen = new Set(world.truth.snapshots.map((one) => one.id));
    world.onInformedProtection = () => this.#checkSchedule();
  }

  /** To be called after every happening. */
  look(): void {
    this.#checkVolumes();
    this.#checkCertainty();
    this.#checkBackups();
    this.#checkRetention();
    this.#checkLocks();
  }

  #report(invariant: Violation['invariant'], message: string): void {
    this.violations.push({ invariant, message });
  }

  /** Every volume that comes to name a claim which waits for a restore holds what that restore was to bring back. */
  #checkVolumes(): void {
    const { server, cluster, foreignVolumes, claim } = this.#world;
    if (claim === undefined || !isRestored(claim)) return;
    for (const { metadata, spec } of server.list(persistentVolumes)) {
      const { uid } = claim.metadata;
      if (spec.claimRef?.uid !== uid || this.#given.has(metadata.name) || foreignVolumes.has(metadata.name)) continue;
      this.#given.add(metadata.name);
      const content = cluster.contents.get(metadata.name);
      if (content !== undefined && this.#isRight(claim, content)) this.#proven.add(uid);
      else this.#report(1, `the claim was given a volume that holds ${JSON.stringify(content)}`);
    }
  }

  #isRight(claim: PersistentVolumeClaim, content: Content): boolean {
    const { blank, snapshot } = this.#restoreOf(claim)?.status ?? {};
    const isExpected = blank === true ? content.files === 0 : content.snapshotId === snapshot?.id;
    return content.complete && isExpected;
  }

  #restoreOf(claim: PersistentVolumeClaim): VolumeRestore | undefined {
    const name = claim.spec.dataSourceRef?.name ?? '';
    return this.#world.server.get(volumeRestores, { namespace: NAMESPACE, name });
  }

  /** A restore takes "none" for true only while the store truly and readably holds nothing of the claim. */
  #checkCertainty(): void {
    const { server, truth, destination } = this.#world;
    for (const restore of server.list(volumeRestores)) {
      const uid = restore.metadata.uid ?? '';
      if (restore.status?.blank !== true || this.#blank.has(uid)) continue;
      this.#blank.add(uid);
      if (truth.newest !== undefined || this.#world.hasRecord)
        this.#report(1, 'blank, though a backup exists or is remembered');
      if (!readableMoods.has(destination.mood)) this.#report(2, `blank, though the store is ${destination.mood}`);
    }
  }

  #checkBackups(): void {
    const { truth } = this.#world;
    for (const one of truth.snapshots) {
      if (this.#seen.has(one.id)) continue;
      this.#seen.add(one.id);
      if (!one.content.complete) this.#report(3, 'a half-restored volume was backed up');
      if (!judgeCollapse(this.#good === undefined ? [] : [this.#good.content], one.content).collapsed) this.#good = one;
    }
  }

  /** The claim's schedule, when the controller has just looked at it and knew everything. */
  #checkSchedule(): void {
    this.#checkVolumes();
    const { claim, schedule: source } = this.#world;
    const isProtected =
      claim?.metadata.labels?.[TIER_LABEL] !== undefined && claim.metadata.deletionTimestamp === undefined;
    if (!isProtected || source === undefined) return;
    if (claim.status?.phase !== 'Bound') this.#report(3, 'backups are scheduled, but the claim is not bound');
    else if (isRestored(claim) && !this.#isProven(claim)) this.#report(3, 'backups are scheduled without a proof');
    this.#checkPause(source, claim);
  }

  #isProven(claim: PersistentVolumeClaim): boolean {
    const isForeign = this.#world.foreignVolumes.has(claim.spec.volumeName ?? '');
    return !isForeign && this.#proven.has(claim.metadata.uid);
  }

  #checkPause(source: ReplicationSource, claim: PersistentVolumeClaim): void {
    const volume = this.#world.server.get(protectedVolumes, CLAIM_REF);
    const isPaused = volume?.status?.claimUID === claim.metadata.uid && volume.status.pruningPaused === true;
    if (isPaused && retainOf(source)['within'] !== '1000y') this.#report(3, 'pruning goes on after a collapse');
    const ids = this.#world.truth.snapshots.map((one) => one.id);
    if (isPaused && ids.length > 0 && this.#kept.some((id) => !ids.includes(id)))
      this.#report(3, 'snapshots went after a collapse');
    this.#kept = isPaused ? ids : [];
  }

  #checkRetention(): void {
    const { server, truth } = this.#world;
    for (const source of server.list(replicationSources)) {
      if (!(Number(retainOf(source)['last']) >= 1)) this.#report(4, 'a schedule may keep no snapshot at all');
    }
    if (truth.newest === undefined) this.#good = undefined;
    if (this.#good !== undefined && !truth.has(this.#good.id)) {
      this.#report(4, `the newest good snapshot, with ${this.#good.content.files} files, was removed`);
      this.#good = truth.newest;
    }
  }

  #checkLocks(): void {
    const { destination, now } = this.#world;
    const present = destination.restic.locks;
    for (const id of present) if (!this.#lockedAt.has(id)) this.#lockedAt.set(id, now());
    for (const [id, since] of this.#lockedAt) {
      if (present.includes(id)) continue;
      this.#lockedAt.delete(id);
      if (now() - since < STALE_MILLISECONDS) this.#report(15, 'a lock was removed whose holder may be at work');
    }
  }

  /** To be called when nothing has gone wrong for a while. */
  lookAtTheEnd(): void {
    const { claim, foreignVolumes } = this.#world;
    this.#checkNothingIsLeft();
    if (claim?.spec.volumeName === undefined) {
      this.#report(0, 'the claim is not bound still');
    } else if (!(isRestored(claim) && foreignVolumes.has(claim.spec.volumeName))) {
      if (isRestored(claim) && !this.#isProven(claim)) this.#report(0, 'the claim does not have its data');
      this.#checkNewestIsKnown();
    }
  }

  /** After a collapse the last good one is shown, which is not the newest. */
  #checkNewestIsKnown(): void {
    const { server, truth } = this.#world;
    const { lastBackup, collapse } = server.get(protectedVolumes, CLAIM_REF)?.status ?? {};
    const isKnown = collapse !== undefined || lastBackup?.id === truth.newest?.id;
    if (!isKnown) this.#report(0, 'the newest backup is not known');
  }

  #checkNothingIsLeft(): void {
    const { server, claim, schedule } = this.#world;
    const isPrime = (one: KubeObject) => one.metadata.labels?.[ROLE_LABEL] === PRIME_ROLE;
    const ofSchedule = schedule === undefined ? undefined : repositorySecretOf(schedule);
    const isAttempts = (one: KubeObject) => one.metadata.namespace === NAMESPACE && one.metadata.name !== ofSchedule;
    const left = [
      ...namesOf(server.list(persistentVolumeClaims).filter(isPrime)),
      ...namesOf(server.list(secrets).filter(isAttempts)),
      ...namesOf(server.list(replicationDestinations)),
      ...namesOf(server.list(volumeRestores).filter((one) => one.spec.claimUID !== claim?.metadata.uid)),
      ...namesOf(server.list(persistentVolumes).filter((one) => one.metadata.name !== claim?.spec.volumeName)),
    ];
    if (left.length > 0) this.#report(0, `left over: ${left.join(', ')}`);
  }
}

const namesOf = (objects: readonly KubeObject[]): string[] => objects.map((one) => `${one.kind} ${one.metadata.name}`);

const isRestored = (claim: PersistentVolumeClaim): boolean => claim.spec.dataSourceRef?.apiGroup === API_GROUP;

function retainOf(source: ReplicationSource): JsonObject {
  const { restic } = source.spec;
  return isObject(restic) && isObject(restic['retain']) ? restic['retain'] : {};
}
