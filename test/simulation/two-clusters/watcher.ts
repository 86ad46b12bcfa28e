import { API_GROUP } from '../../../src/api/group.ts';
import { RESTORE_ANNOTATION, TIER_LABEL } from '../../../src/api/labels.ts';
import type { ClaimRecord } from '../../../src/destinations/ledger.ts';
import { type PersistentVolumeClaim, persistentVolumes } from '../../../src/kube/model/built-in-kinds.ts';
import type { TrueSnapshot } from '#doubles/destinations/repository-truth.ts';
import type { World } from '../world.ts';
import { faultOf } from './handed-over.ts';
import type { Pair } from './pair.ts';

/** Invariant by number (docs/invariants.md), or 0 for what is owed once all is well again. */
export interface Violation {
  readonly invariant: 0 | 1 | 4 | 12;
  readonly message: string;
}

/**
 * A cluster that was taken over, and whose controller has not seen it, removes snapshots by its tier's rules: what is older than two days
 * and two and a half intervals is not promised to stay (docs/decisions/0015-one-cluster-writes.md).
 */
const PROMISED_MILLISECONDS = 3 * 86_400_000;

/** A claim that waits for a restore. */
interface Waiting {
  /** What was due at one time since its present mover was made, the newest last. */
  due: readonly (TrueSnapshot | undefined)[];
  attempts: ReadonlySet<string>;
}

/** Looks on as two clusters change what they share, and says where an invariant did not hold. */
export class PairWatcher {
  readonly violations: Violation[] = [];
  readonly #pair: Pair;
  readonly #waiting = new Map<string, Waiting>();
  readonly #given = new Set<string>();
  /** Snapshots that the ledger has called good. */
  readonly #vouched = new Set<string>();
  #owner: string | undefined;
  /** How many runs there were when the owner became the owner. */
  #runsBefore = 0;
  #good: TrueSnapshot | undefined;

  constructor(pair: Pair) {
    this.#pair = pair;
    for (const one of goodIds(pair.record)) this.#vouched.add(one);
    for (const world of pair.worlds) {
      world.onStep = () => this.look();
      world.onInformedProtection = () => this.#checkRivals(world);
    }
    this.look();
  }

  get #truth() {
    return this.#pair.first.truth;
  }

  /** To be called after every step and happening. */
  look(): void {
    const { record } = this.#pair;
    this.#noteOwner(record);
    this.#checkVouched(record);
    this.#checkKept(record);
    for (const world of this.#pair.worlds) this.#checkClaim(world);
  }

  #report(invariant: Violation['invariant'], message: string): void {
    if (!this.violations.some((one) => one.message === message)) this.violations.push({ invariant, message });
  }

  #noteOwner(record: ClaimRecord | undefined): void {
    const owner = record?.owner?.clusterUid;
    if (owner === this.#owner) return;
    this.#owner = owner;
    this.#runsBefore = this.#truth.runs.length;
  }

  /** What is newly vouched for was made by the cluster that writes the record. */
  #checkVouched(record: ClaimRecord | undefined): void {
    for (const id of goodIds(record)) {
      if (this.#vouched.has(id)) continue;
      this.#vouched.add(id);
      const snapshot = this.#truth.snapshots.find((one) => one.id === id);
      if (snapshot === undefined || snapshot.writer === record?.owner?.clusterUid) continue;
      this.#report(
        12,
        `a snapshot of ${snapshot.writer} is vouched for, and ${record?.owner?.clusterUid} is the owner`,
      );
    }
  }

  /** The newest one that is vouched for, or that the owner has made since, is removed by nobody. */
  #checkKept(record: ClaimRecord | undefined): void {
    const truth = this.#truth;
    const good = this.#good;
    if (good !== undefined && !truth.has(good.id) && !this.#mayBeRemoved(good))
      this.#report(
        4,
        `the newest good snapshot of ${good.writer}, with ${good.content.files} files, was removed by ${truth.writer}`,
      );
    const isOwners = (one: TrueSnapshot) => one.writer === this.#owner && this.#isSinceOwner(one);
    const named = goodIds(record);
    this.#good = truth.snapshots.findLast((one) => one.whole && (named.has(one.id) || isOwners(one)));
  }

  /** The owner's own next one takes its place; of what another cluster removes only the younger is promised to stay. */
  #mayBeRemoved(good: TrueSnapshot): boolean {
    const { writer, newest, snapshots } = this.#truth;
    if (writer === this.#owner)
      return snapshots.some((one) => one.whole && one.writer === writer && isNewer(one, good));
    const ageMilliseconds = (newest?.timeMilliseconds ?? 0) - good.timeMilliseconds;
    return ageMilliseconds >= PROMISED_MILLISECONDS;
  }

  #isSinceOwner(snapshot: TrueSnapshot): boolean {
    return this.#truth.runs
      .slice(this.#runsBefore)
      .some((run) => run.kind === 'saved' && run.snapshot.id === snapshot.id);
  }

  /** A cluster that was taken over stops when it has seen how a run of its own ended. */
  #checkRivals(world: World): void {
    this.look();
    const { clusterUid, claim, schedule, destination } = world;
    const isAbleToKnow =
      claim !== undefined && isBackedUp(claim) && destination.mood === 'answers' && this.#pair.hasKeys(world);
    if (!isAbleToKnow || this.#owner === undefined || this.#owner === clusterUid) return;
    if (schedule === undefined || schedule.spec['paused'] === true) return;
    const last = this.#truth.runs
      .slice(this.#runsBefore)
      .findLast((run) => run.kind !== 'saved' || run.snapshot.writer === clusterUid);
    if (last?.kind === 'saved' && last.snapshot.whole)
      this.#report(12, `${clusterUid} goes on backing up, though ${this.#owner} has taken over`);
  }

  #checkClaim(world: World): void {
    const { claim } = world;
    if (claim === undefined || !isRestored(claim)) return;
    const waiting = this.#noteDue(world, claim);
    for (const { metadata, spec } of world.server.list(persistentVolumes)) {
      const key = `${world.clusterUid} ${metadata.name}`;
      if (spec.claimRef?.uid !== claim.metadata.uid || this.#given.has(key)) continue;
      this.#given.add(key);
      this.#checkContent(world, claim, { volumeName: metadata.name, waiting });
    }
  }

  #noteDue({ attempts, clusterUid }: World, { metadata }: PersistentVolumeClaim): Waiting {
    const named = goodIds(this.#pair.record);
    const newest = this.#truth.snapshots.findLast((one) => named.has(one.id));
    const key = `${clusterUid} ${metadata.uid}`;
    const before = this.#waiting.get(key);
    const present = new Set(attempts.map((one) => one.metadata.uid ?? ''));
    const isNewAttempt = before === undefined || [...present].some((uid) => !before.attempts.has(uid));
    const due = isNewAttempt ? [newest] : before.due.at(-1) === newest ? before.due : [...before.due, newest];
    const waiting = { due, attempts: new Set([...(before?.attempts ?? []), ...present]) };
    this.#waiting.set(key, waiting);
    return waiting;
  }

  #checkContent(
    world: World,
    claim: PersistentVolumeClaim,
    { volumeName, waiting }: { readonly volumeName: string; readonly waiting: Waiting },
  ): void {
    const content = world.cluster.contents.get(volumeName);
    if (content === undefined) return;
    const { uid, annotations } = claim.metadata;
    const fault = faultOf(
      {
        content,
        due: waiting.due,
        isAskedFor: annotations?.[RESTORE_ANNOTATION] !== undefined,
        isWarned: isToldOlder(world, uid),
      },
      this.#truth,
    );
    if (fault !== undefined) this.#report(1, `the claim of ${world.clusterUid} was given ${fault}`);
  }

  /** To be called when nothing has gone wrong for a while in the clusters that still exist. */
  lookAtTheEnd(present: readonly World[]): void {
    const running = present.filter(({ schedule }) => schedule !== undefined && schedule.spec['paused'] !== true);
    const names = running.map(({ clusterUid }) => clusterUid);
    if (running.length !== 1) this.#report(0, `in the end ${names.length} back up: ${names.join(', ')}`);
    for (const world of present) {
      const { claim, clusterUid } = world;
      if (claim?.status?.phase !== 'Bound') this.#report(0, `the claim of ${clusterUid} is not bound still`);
      const { reason, status } = readyOf(world) ?? {};
      if (running.includes(world)) {
        if (status !== 'True') this.#report(0, `the claim of ${clusterUid} is backed up and says ${reason}`);
        if (this.#owner !== clusterUid) this.#report(0, `${clusterUid} backs up, and the ledger names ${this.#owner}`);
      } else if (reason !== 'ForeignOwner') {
        this.#report(0, `the claim of ${clusterUid} is not backed up and says ${reason}`);
      }
    }
  }

  /** To be called after a backup of all: the newest one is the owner's, and vouched for. */
  lookAtTheNewest(): void {
    const { newest } = this.#truth;
    if (newest?.writer !== this.#owner)
      this.#report(0, `the newest backup is of ${newest?.writer}, not of ${this.#owner}`);
    if (!goodIds(this.#pair.record).has(newest?.id ?? '')) this.#report(0, 'the newest backup is not vouched for');
  }
}

const isNewer = (one: TrueSnapshot, other: TrueSnapshot): boolean => one.timeMilliseconds > other.timeMilliseconds;

const readyOf = ({ protection }: World) => protection?.status?.conditions?.find(({ type }) => type === 'Ready');

const isBackedUp = ({ metadata }: PersistentVolumeClaim): boolean =>
  metadata.labels?.[TIER_LABEL] !== undefined && metadata.deletionTimestamp === undefined;

const isRestored = (claim: PersistentVolumeClaim): boolean => claim.spec.dataSourceRef?.apiGroup === API_GROUP;

function isToldOlder({ events, restore }: World, uid: string): boolean {
  const isTold = events.some((event) => event.uid === uid && event.reason === 'OlderRestored');
  const conditions = restore?.status?.conditions ?? [];
  return isTold || conditions.some(({ type, status }) => type === 'OlderRestored' && status === 'True');
}

const noIds: ReadonlySet<string> = new Set();
const idsOfRecords = new WeakMap<ClaimRecord, ReadonlySet<string>>();

/** All that a record calls good. */
function goodIds(record: ClaimRecord | undefined): ReadonlySet<string> {
  if (record === undefined) return noIds;
  const known = idsOfRecords.get(record);
  if (known !== undefined) return known;
  const { lastGoodBackup, history = [], runs = [] } = record;
  const good = runs.filter(({ result }) => result === 'good');
  const named = [...(lastGoodBackup === undefined ? [] : [lastGoodBackup]), ...history, ...good];
  const ids = new Set(named.map(({ snapshotId }) => snapshotId));
  idsOfRecords.set(record, ids);
  return ids;
}
