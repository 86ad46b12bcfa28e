import type { RepositoryTruth, TrueRun, TrueSnapshot } from '#doubles/destinations/repository-truth.ts';

/** What is wrong with the backups of a claim until a good one comes, or its user says that all is right. */
export type OpenTrouble = 'missing' | 'partial' | 'collapsed';

const DAY_MILLISECONDS = 86_400_000;
/** A few bytes more or less mean nothing. */
const SMALL_BYTES = 1_000_000;
/** By how much clocks may differ. */
const SKEW_MILLISECONDS = 10 * 60_000;
const YARDSTICK_MILLISECONDS = 30 * DAY_MILLISECONDS;

/** The simple rule: half of what there was, in files or in bytes, is not there any more. */
const lacksHalf = (before: TrueSnapshot, after: TrueSnapshot): boolean =>
  2 * filesOf(after) < filesOf(before) ||
  (before.content.sizeBytes > SMALL_BYTES && 2 * after.content.sizeBytes < before.content.sizeBytes);

/** One of what a volume holds is its top folder. */
const filesOf = ({ content }: TrueSnapshot): number => content.files - 1;

/**
 * What the backups of a claim truly are, told by what the movers did and by when a controller could see it: nothing that the
 * product says of itself counts.
 */
export class BackupAccount {
  readonly #truth: RepositoryTruth;
  #runsTaken = 0;
  /** How many runs there were before the present claim. */
  #runsBefore = 0;
  readonly #collapsed = new Set<string>();
  /** Snapshots whose run a controller has seen end, with the store and the logs at hand. */
  readonly #seen: Set<string>;
  /** Snapshots that came back damaged when a controller looked what their run had left: whatever it made of that, it does not ask again. */
  readonly #unreadable = new Set<string>();
  /**
   * Snapshots of runs that nobody saw end, minutes before one that left nothing: clocks may differ by more, so that whoever hears no
   * other name takes such a snapshot for what the later run has left.
   */
  readonly #mistaken = new Set<string>();
  readonly #open = new Set<OpenTrouble>();
  /** The one that the claim's annotation names, whatever it is taken for. */
  #namedId: string | undefined;
  #acceptedMilliseconds = 0;

  /** @param truth all snapshots that it holds by now are good, and the ledger knows them. */
  constructor(truth: RepositoryTruth) {
    this.#truth = truth;
    this.#runsTaken = truth.runs.length;
    this.#seen = new Set(truth.snapshots.map((one) => one.id));
  }

  /** Takes note of what movers have done since; to be called before anything else happens. */
  takeNote(): void {
    for (const run of this.#truth.runs.slice(this.#runsTaken)) this.#take(run);
    this.#runsTaken = this.#truth.runs.length;
  }

  /** Another claim has taken the place of the one before: whose runs nobody has seen end by then, nobody will. */
  beginAnew(): void {
    this.takeNote();
    this.#runsBefore = this.#runsTaken;
    this.#namedId = undefined;
  }

  /** A controller has looked, and nothing was hidden from it. */
  isLookedAt(): void {
    this.takeNote();
    if (this.#runsTaken === this.#runsBefore) return;
    const last = this.#truth.runs.at(-1);
    if (last?.kind === 'saved' && !this.#unreadable.has(last.snapshot.id)) this.#seen.add(last.snapshot.id);
    this.#openWhatIsSaid();
  }

  /** A controller has looked, and what snapshots hold came back damaged. */
  isLookedAtInVain(): void {
    this.takeNote();
    const last = this.#truth.runs.at(-1);
    if (last?.kind === 'saved' && !this.isSeen(last.snapshot)) this.#unreadable.add(last.snapshot.id);
  }

  /** The user says that what a snapshot holds is right, however small it is. */
  accept(snapshotId: string): void {
    this.takeNote();
    this.#namedId = snapshotId;
    const accepted = this.#truth.snapshots.find((one) => one.id === snapshotId);
    if (accepted !== undefined && (accepted.whole || this.#isMistaken(accepted))) this.#settle(accepted);
  }

  #settle(accepted: TrueSnapshot): void {
    this.#acceptedMilliseconds = accepted.timeMilliseconds;
    this.#collapsed.delete(accepted.id);
    if (![...this.#collapsed].some((id) => this.#isNewerThan(id, accepted))) this.#open.delete('collapsed');
  }

  /** What is open now. */
  get open(): readonly OpenTrouble[] {
    return [...this.#open];
  }

  isGood({ id, whole }: TrueSnapshot): boolean {
    return whole && !this.#collapsed.has(id);
  }

  isSeen({ id }: TrueSnapshot): boolean {
    return this.#seen.has(id);
  }

  /** Whether a controller may take it for good: it is, or nothing tells it from what a run has left that was called a success. */
  mayPassForGood(snapshot: TrueSnapshot): boolean {
    return (snapshot.whole || this.#isMistaken(snapshot)) && !this.#collapsed.has(snapshot.id);
  }

  #isMistaken(snapshot: TrueSnapshot | undefined): boolean {
    return snapshot !== undefined && this.#mistaken.has(snapshot.id);
  }

  get newestGood(): TrueSnapshot | undefined {
    return this.#truth.snapshots.findLast((one) => this.isGood(one));
  }

  /** What only the mover's word tells: another run may take its place before anybody looks. */
  #openWhatIsSaid(): void {
    const { runs } = this.#truth;
    const newest = runs.at(-1);
    if (newest?.kind === 'missing' && !this.#isMistaken(newest.fits)) this.#open.add('missing');
    const last = runs.findLast((run) => run.kind !== 'failed');
    // Of a try that failed, and whose snapshot somebody has removed by now, nothing tells that there was one.
    const isThere = last?.kind === 'saved' && this.#truth.has(last.snapshot.id);
    if (isThere && !last.snapshot.whole) this.#open.add('partial');
  }

  #isNewerThan(id: string, than: TrueSnapshot): boolean {
    const one = this.#truth.snapshots.find((snapshot) => snapshot.id === id);
    return one !== undefined && one.timeMilliseconds > than.timeMilliseconds;
  }

  #take(run: TrueRun): void {
    switch (run.kind) {
      case 'failed':
        break;
      case 'missing':
        this.#mistake(run);
        break;
      case 'empty':
        if (this.#yardsticks(run.before, run.timeMilliseconds).length > 0) this.#open.add('collapsed');
        break;
      case 'saved':
        this.#takeSnapshot(run.snapshot, run.before);
    }
  }

  #mistake({ timeMilliseconds, fits }: Extract<TrueRun, { kind: 'missing' }>): void {
    if (fits === undefined || this.isSeen(fits) || timeMilliseconds - fits.timeMilliseconds > SKEW_MILLISECONDS) return;
    this.#mistaken.add(fits.id);
    // Nor can it be told that files are missing in it: the later run was called a success.
    const before = this.#truth.snapshots.filter((one) => one.timeMilliseconds < fits.timeMilliseconds);
    this.#takeSnapshot({ ...fits, whole: true }, before);
    if (fits.id === this.#namedId) this.#settle(fits);
  }

  #takeSnapshot(snapshot: TrueSnapshot, before: readonly TrueSnapshot[]): void {
    if (!snapshot.whole) return;
    if (this.#yardsticks(before, snapshot.timeMilliseconds).some((one) => lacksHalf(one, snapshot))) {
      this.#collapsed.add(snapshot.id);
      this.#open.add('collapsed');
    } else {
      this.#open.clear();
    }
  }

  /** What a controller can know: good ones of the last 30 days whose end it has seen. */
  #yardsticks(before: readonly TrueSnapshot[], timeMilliseconds: number): readonly TrueSnapshot[] {
    const since = Math.max(timeMilliseconds - YARDSTICK_MILLISECONDS, this.#acceptedMilliseconds);
    return before.filter(
      (one) => this.isGood(one) && this.isSeen(one) && one.isCounted && one.timeMilliseconds >= since,
    );
  }
}
