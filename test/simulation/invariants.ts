import { API_GROUP } from '../../src/api/group.ts';
import type { ProtectedVolume } from '../../src/api/protected-volume.ts';
import type { VolumeRestore } from '../../src/api/volume-restore.ts';
import {
  replicationDestinations,
  type ReplicationSource,
  replicationSources,
} from '../../src/engines/volsync/kinds.ts';
import { repositorySecretOf } from '../../src/engines/volsync/replication-source.ts';
import type { KubeObject } from '../../src/kube/model/kind.ts';
import {
  persistentVolumeClaims,
  persistentVolumes,
  type PersistentVolumeClaim,
  type Pod,
  pods,
  secrets,
} from '../../src/kube/model/built-in-kinds.ts';
import { protectedVolumes, volumeRestores } from '../../src/api/resource-kinds.ts';
import {
  ACCEPT_RESTORE_ANNOTATION,
  CLAIM_UID_LABEL,
  DECISION_ANNOTATION,
  LOOK_ROLE,
  PRIME_ROLE,
  RESTORE_ANNOTATION,
  ROLE_LABEL,
  TIER_LABEL,
} from '../../src/api/labels.ts';
import { BackupAccount } from './backup-account.ts';
import { faultOf, isAsked } from './handed-over.ts';
import { isObject, type JsonObject } from '#doubles/kube/json.ts';
import type { TrueSnapshot } from '#doubles/destinations/repository-truth.ts';
import { CLAIM, CLAIM_REF, NAMESPACE, type World } from './world.ts';

/** Invariant by number (docs/invariants.md), or 0 for what is owed once all is well again. */
export interface Violation {
  readonly invariant: 0 | 1 | 2 | 3 | 4 | 10 | 12 | 13 | 15;
  readonly message: string;
}

/** A holder renews its lock long before. */
const STALE_MILLISECONDS = 35 * 60_000;
/** Two and a half of the tier's intervals. */
const OVERDUE_MILLISECONDS = 2.5 * 3_600_000;
/** A claim that waits for more calm rounds, a minute each, has been told why. */
const TELLING_ROUNDS = 5;

/** In these a store says truly whether there is a backup, whatever else fails. */
const readableMoods = new Set(['answers', 'snapshotsFail', 'damaged', 'signsFail']);

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
  readonly #account: BackupAccount;
  #claimUid: string | undefined;
  /** What users have asked for by annotation, by the claim's UID. */
  readonly #asked = new Map<string, Set<string>>();
  /** Snapshots that came back although there were newer ones, by the claim's UID. */
  readonly #older = new Map<string, string>();
  /** UIDs of claims that began without the backups of an earlier one, which the ledger knew by then, and that nobody decided on. */
  readonly #unrestored = new Set<string>();
  /** How many calm rounds a claim has waited for, by its UID. */
  readonly #calmRounds = new Map<string, number>();
  /** Volumes with files of which a look has told so. */
  readonly #lookedInto = new Set<string>();
  #good: TrueSnapshot | undefined;
  readonly #saved = new Set<string>();
  #kept: readonly string[] = [];
  /** When each lock of the repository was first seen. */
  readonly #lockedAt = new Map<string, number>();

  constructor(world: World) {
    this.#world = world;
    this.#account = new BackupAccount(world.truth);
    for (const one of world.truth.snapshots) this.#saved.add(one.id);
    this.#good = this.#account.newestGood;
    world.onStep = () => this.#checkVolumes();
    world.onAccepted = (id) => this.#account.accept(id);
    world.onInformedRestores = () => this.#noteLooks();
    world.onInformedProtection = () => this.#checkInformed();
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
    if (!this.violations.some((one) => one.message === message)) this.violations.push({ invariant, message });
  }

  /** What any step may break. */
  #checkVolumes(): void {
    this.#account.takeNote();
    const { claim } = this.#world;
    if (claim !== undefined && claim.metadata.uid !== this.#claimUid) {
      this.#claimUid = claim.metadata.uid;
      this.#account.beginAnew();
      const isLate = !isRestored(claim) && claim.metadata.annotations?.[DECISION_ANNOTATION] === undefined;
      if (isLate && this.#world.hasRecord) this.#unrestored.add(claim.metadata.uid);
    }
    // Whoever removes the record gives up what it remembers.
    if (!this.#world.hasRecord) this.#unrestored.clear();
    if (claim !== undefined && isRestored(claim)) this.#checkGiven(claim);
    this.#checkOffered();
  }

  /** Every volume that comes to name a claim which waits for a restore holds what the claim should get. */
  #checkGiven(claim: PersistentVolumeClaim): void {
    const { server, foreignVolumes, offeredVolumes } = this.#world;
    this.#askedFor(claim);
    for (const { metadata, spec } of server.list(persistentVolumes)) {
      const { name } = metadata;
      if (spec.claimRef?.uid !== claim.metadata.uid || this.#given.has(name)) continue;
      this.#given.add(name);
      if (offeredVolumes.has(name)) this.#report(12, 'the claim was given the volume of another application');
      if (!foreignVolumes.has(name)) this.#checkContent(claim, name);
    }
  }

  #checkContent(claim: PersistentVolumeClaim, volumeName: string): void {
    const { cluster, truth } = this.#world;
    const { uid } = claim.metadata;
    const content = cluster.contents.get(volumeName);
    if (content === undefined) return;
    const isWarned = this.#isTold(uid, 'OlderRestored') || this.#isShownOlder();
    const given = { content, asked: [...this.#askedFor(claim)], isWarned };
    const fault = faultOf(given, truth, this.#account);
    if (fault === undefined) this.#proven.add(uid);
    else this.#report(1, `the claim was given ${fault}: ${JSON.stringify(content)}`);
    const isOlder = isWarned && content.snapshotId !== truth.newest?.id && !isAsked(given, truth);
    if (isOlder && content.snapshotId !== undefined) this.#older.set(uid, content.snapshotId);
  }

  /** Whether the restore shows that it brings back an older snapshot, where the process died before it told so. */
  #isShownOlder(): boolean {
    const conditions = this.#world.restore?.status?.conditions ?? [];
    return conditions.some(({ type, status }) => type === 'OlderRestored' && status === 'True');
  }

  #askedFor({ metadata }: PersistentVolumeClaim): ReadonlySet<string> {
    const asked = this.#asked.get(metadata.uid) ?? new Set();
    this.#asked.set(metadata.uid, asked);
    const request = metadata.annotations?.[RESTORE_ANNOTATION];
    return request === undefined ? asked : asked.add(request);
  }

  #isTold(uid: string, reason?: string): boolean {
    return this.#world.events.some((event) => event.uid === uid && (reason === undefined || event.reason === reason));
  }

  /**
   * Of a volume that was made for a prime claim only a look tells that it holds files; the controller has seen it by now. A restore
   * ends with its claim, and when somebody deletes it; nobody reads what a look tells of its volume after that.
   */
  #noteLooks(): void {
    const { server, usedVolumes, claim, restore } = this.#world;
    if (claim === undefined || claim.metadata.deletionTimestamp !== undefined) return;
    const isLook = ({ metadata: { labels, ownerReferences = [] } }: Pod): boolean =>
      labels?.[ROLE_LABEL] === LOOK_ROLE &&
      labels[CLAIM_UID_LABEL] === claim.metadata.uid &&
      ownerReferences.some(({ uid }) => uid === restore?.metadata.uid);
    const looks = server.list(pods).filter(isLook);
    for (const { spec } of looks.filter(({ status }) => status?.phase === 'Succeeded')) {
      const [name = ''] = (spec.volumes ?? []).flatMap((one) => one.persistentVolumeClaim?.claimName ?? []);
      const { volumeName = '' } = server.get(persistentVolumeClaims, { namespace: NAMESPACE, name })?.spec ?? {};
      if (usedVolumes.has(volumeName)) this.#lookedInto.add(volumeName);
    }
  }

  /** What another application has put into a volume stays there, unless the user's own claim was bound to it. */
  #checkOffered(): void {
    const { server, cluster, offeredVolumes, usedVolumes } = this.#world;
    for (const [name, content] of offeredVolumes) {
      const isClaims = server.get(persistentVolumes, { name })?.spec.claimRef?.name === CLAIM;
      if (!isClaims && cluster.contents.get(name) === content) continue;
      offeredVolumes.delete(name);
      const isKnown = !usedVolumes.has(name) || this.#lookedInto.has(name);
      if (!isClaims && isKnown) this.#report(12, "another application's volume does not hold its files any more");
    }
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
    for (const one of this.#world.truth.snapshots) {
      if (this.#saved.has(one.id)) continue;
      this.#saved.add(one.id);
      if (!one.content.complete) this.#report(3, 'a half-restored volume was backed up');
      if (this.#account.isGood(one)) this.#good = one;
    }
  }

  /** When the controller has just looked at the claim and its copies held everything. */
  #checkInformed(): void {
    this.#checkVolumes();
    const { claim, schedule: source, destination, logs } = this.#world;
    const isProtected =
      claim?.metadata.labels?.[TIER_LABEL] !== undefined && claim.metadata.deletionTimestamp === undefined;
    if (!isProtected) return;
    const isAllSeen = destination.mood === 'answers' && !logs.isBroken;
    if (destination.mood === 'damaged') this.#account.isLookedAtInVain();
    if (isAllSeen && source !== undefined) this.#account.isLookedAt();
    if (source !== undefined) this.#checkSchedule(source, claim);
    this.#checkReady(claim);
  }

  #checkSchedule(source: ReplicationSource, claim: PersistentVolumeClaim): void {
    if (claim.status?.phase !== 'Bound') this.#report(3, 'backups are scheduled, but the claim is not bound');
    else if (isRestored(claim) && !this.#isProven(claim)) this.#report(3, 'backups are scheduled without a proof');
    this.#checkPause(source, claim);
  }

  #isProven(claim: PersistentVolumeClaim): boolean {
    const isForeign = this.#world.foreignVolumes.has(claim.spec.volumeName ?? '');
    return !isForeign && this.#proven.has(claim.metadata.uid);
  }

  /** While anything is open, nothing is removed: not by the schedule's word, and not in truth. */
  #checkPause(source: ReplicationSource, claim: PersistentVolumeClaim): void {
    const because = this.#reasonsToKeep(claim);
    const isPaused = because.length > 0;
    if (isPaused && !keepsAll(source) && source.spec['paused'] !== true)
      this.#report(3, `snapshots are removed in spite of: ${because.join(', ')}`);
    const { truth } = this.#world;
    if (isPaused && this.#kept.some((id) => !truth.has(id) && !truth.isLost(id)))
      this.#report(3, `snapshots went in spite of: ${because.join(', ')}`);
    this.#kept = isPaused ? truth.snapshots.map((one) => one.id) : [];
  }

  #reasonsToKeep({ metadata }: PersistentVolumeClaim): readonly string[] {
    const older = this.#older.get(metadata.uid);
    const answer = metadata.annotations?.[ACCEPT_RESTORE_ANNOTATION];
    const isAnswered = older === undefined || (answer !== undefined && older.startsWith(answer));
    const isUnrestored = this.#unrestored.has(metadata.uid) && answer === undefined;
    return [
      ...this.#openTrouble,
      ...(isAnswered ? [] : ['an older snapshot came back']),
      ...(isUnrestored ? ['nothing came back'] : []),
    ];
  }

  /** What a run has saved that failed is said by the log of its pod only. */
  get #openTrouble(): readonly string[] {
    return this.#account.open.filter((one) => one === 'missing' || !this.#world.logs.isBroken);
  }

  /** A claim is called protected only while its newest backup is a good one, and of the last two and a half hours. */
  #checkReady(claim: PersistentVolumeClaim): void {
    const { protection, now } = this.#world;
    if (protection?.status?.claimUID !== claim.metadata.uid || !isReady(protection)) return;
    if (claim.status?.phase !== 'Bound') this.#report(13, 'a claim that is not bound is called protected');
    const open = this.#openTrouble;
    if (open.length > 0) this.#report(13, `the claim is called protected in spite of: ${open.join(', ')}`);
    const good = this.#world.truth.snapshots.findLast((one) => this.#account.mayPassForGood(one));
    const isOld = good !== undefined && now() - good.timeMilliseconds > OVERDUE_MILLISECONDS;
    if (isOld) this.#report(13, 'the claim is called protected without a good backup for hours');
  }

  /** To be called after a calm round: what waits says why. */
  lookAtWaits(): void {
    const { claim, restore, protection } = this.#world;
    if (claim === undefined || restore === undefined || !isWaiting(claim)) return;
    const reasons = [restore, protection].flatMap((one) => readyOf(one)?.reason ?? []);
    if (reasons.length === 0) this.#report(10, 'a restore is not done and does not say why');
    const { uid } = claim.metadata;
    this.#calmRounds.set(uid, (this.#calmRounds.get(uid) ?? 0) + 1);
    if ((this.#calmRounds.get(uid) ?? 0) > TELLING_ROUNDS && !this.#isTold(uid))
      this.#report(10, `no event tells the claim why it waits (${reasons.join(', ')})`);
  }

  #checkRetention(): void {
    const { server, truth } = this.#world;
    for (const source of server.list(replicationSources)) {
      if (!(Number(retainOf(source)['last']) >= 1)) this.#report(4, 'a schedule may keep no snapshot at all');
    }
    if (this.#good !== undefined && truth.isLost(this.#good.id)) this.#good = this.#account.newestGood;
    if (this.#good !== undefined && !truth.has(this.#good.id)) {
      this.#report(4, `the newest good snapshot, with ${this.#good.content.files} files, was removed`);
      this.#good = this.#account.newestGood;
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

  /** After a collapse the last good one is shown, which may not be the newest. */
  #checkNewestIsKnown(): void {
    const { server, truth } = this.#world;
    const { lastBackup, collapse } = server.get(protectedVolumes, CLAIM_REF)?.status ?? {};
    const isKnown = collapse !== undefined || lastBackup?.id === truth.newest?.id;
    if (!isKnown) this.#report(0, 'the newest backup is not known');
  }

  #checkNothingIsLeft(): void {
    const { server, claim, schedule, foreignVolumes } = this.#world;
    const isLeft = ({ name }: KubeObject['metadata']): boolean =>
      name !== claim?.spec.volumeName && !foreignVolumes.has(name);
    const isPrime = (one: KubeObject) => one.metadata.labels?.[ROLE_LABEL] === PRIME_ROLE;
    const ofSchedule = schedule === undefined ? undefined : repositorySecretOf(schedule);
    const isAttempts = (one: KubeObject) => one.metadata.namespace === NAMESPACE && one.metadata.name !== ofSchedule;
    const left = [
      ...namesOf(server.list(persistentVolumeClaims).filter(isPrime)),
      ...namesOf(server.list(secrets).filter(isAttempts)),
      ...namesOf(server.list(replicationDestinations)),
      ...namesOf(server.list(volumeRestores).filter((one) => one.spec.claimUID !== claim?.metadata.uid)),
      ...namesOf(server.list(persistentVolumes).filter((one) => isLeft(one.metadata))),
    ];
    if (left.length > 0) this.#report(0, `left over: ${left.join(', ')}`);
  }
}

const isWaiting = ({ metadata, status }: PersistentVolumeClaim): boolean =>
  metadata.labels?.[TIER_LABEL] !== undefined && metadata.deletionTimestamp === undefined && status?.phase !== 'Bound';

/** What an object shows of itself to whoever asks whether it is ready. */
function readyOf(one: Pick<ProtectedVolume | VolumeRestore, 'status'> | undefined) {
  const ready = one?.status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.reason === '' || ready?.message === '' ? undefined : ready;
}

const isReady = (volume: ProtectedVolume): boolean => readyOf(volume)?.status === 'True';

const namesOf = (objects: readonly KubeObject[]): string[] => objects.map((one) => `${one.kind} ${one.metadata.name}`);

const isRestored = (claim: PersistentVolumeClaim): boolean => claim.spec.dataSourceRef?.apiGroup === API_GROUP;

function keepsAll(source: ReplicationSource): boolean {
  const { within } = retainOf(source);
  return typeof within === 'string' && within.startsWith('1000y');
}

function retainOf(source: ReplicationSource): JsonObject {
  const { restic } = source.spec;
  return isObject(restic) && isObject(restic['retain']) ? restic['retain'] : {};
}
