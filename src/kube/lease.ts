import type { Logger } from 'pino';
import type { CallOptions, KubeClient } from './client/client.ts';
import { type Clock, sleep, systemClock } from '../time/clock.ts';
import { isAlreadyExists, isConflict } from './client/errors.ts';
import { toMicroTime } from '../time/micro-time.ts';
import { type Lease, leases } from './model/built-in-kinds.ts';

export interface LeaderElectorOptions {
  readonly client: KubeClient;
  readonly lease: { readonly namespace: string; readonly name: string };
  /** Tells this candidate from all others, also from the same pod's earlier lives. */
  readonly identity: string;
  readonly logger: Logger;
  /** Called once, when a leadership that was held could not be kept. The process must stop acting at once: exit. */
  readonly onLost: () => void;
  readonly timing?: LeaseTiming;
  readonly clock?: Clock;
  /** Numbers in [0, 1). */
  readonly random?: () => number;
}

/** Must hold: leaseDuration > renewDeadline > retryPeriod, so that a leader gives up before another may take over. */
export interface LeaseTiming {
  /** Others wait this long after the last renewal that they saw. */
  readonly leaseDurationSeconds: number;
  /** A leader that could not renew for this long gives up. */
  readonly renewDeadlineSeconds: number;
  readonly retryPeriodSeconds: number;
}

const usualTiming: LeaseTiming = { leaseDurationSeconds: 15, renewDeadlineSeconds: 10, retryPeriodSeconds: 2 };

/** The last state of the lease that differed from the one before, and when, by our clock, we first saw it. */
interface Observation {
  readonly resourceVersion: string;
  readonly atMilliseconds: number;
}

/** `taken`: somebody else holds it. `unsure`: that could not be found out, or another writer was faster. */
type Attempt = 'held' | 'taken' | 'unsure';

/**
 * Elects one leader among candidates by a Lease object. Clocks of different machines are never compared: a lease has
 * run out when it has not changed for its duration, measured here. Two leaders at once are ruled out as long as clocks
 * run at about the same speed.
 */
export class LeaderElector {
  readonly #options: LeaderElectorOptions;
  readonly #timing: LeaseTiming;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #stopping = new AbortController();
  readonly #elected = Promise.withResolvers<undefined>();
  #observation: Observation | undefined;
  #isLeader = false;
  /** When the last successful attempt began: nobody can have seen the lease change before. */
  #heldSinceMilliseconds = 0;
  #running: Promise<void> | undefined;

  /** Throws if the timing does not hold. */
  constructor(options: LeaderElectorOptions) {
    this.#options = options;
    this.#timing = options.timing ?? usualTiming;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    const { leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds } = this.#timing;
    if (leaseDurationSeconds > renewDeadlineSeconds && renewDeadlineSeconds > retryPeriodSeconds) return;
    throw new Error('a lease must last longer than the renew deadline, and that longer than the retry period');
  }

  /** False, too, as soon as the time to renew is over, even if nobody could react yet. */
  get isLeader(): boolean {
    return this.#isLeader && this.#remainingMilliseconds() > 0;
  }

  /** Begins to stand for election. */
  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  /** Resolves when leadership is won for the first time. */
  elected(): Promise<void> {
    return this.#elected.promise;
  }

  /** Stops standing, and hands leadership over at once if it is held: call it when the work has ended. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    if (this.#isLeader) await this.#release();
    this.#isLeader = false;
  }

  async #run(signal: AbortSignal): Promise<void> {
    if (!(await this.#acquire(signal))) return;
    this.#isLeader = true;
    this.#options.logger.info({ lease: this.#options.lease.name, identity: this.#options.identity }, 'leading');
    this.#elected.resolve(undefined);
    const end = await this.#keep(signal);
    if (end === 'stopped') return;
    this.#isLeader = false;
    this.#options.logger.error({ lease: this.#options.lease.name }, 'leadership lost: the lease could not be renewed');
    this.#options.onLost();
  }

  /** False if stopped before. */
  async #acquire(signal: AbortSignal): Promise<boolean> {
    const { renewDeadlineSeconds, retryPeriodSeconds } = this.#timing;
    while (!signal.aborted) {
      if ((await this.#attempt(renewDeadlineSeconds * 1000)) === 'held') return true;
      // Candidates that try in step would always collide.
      await sleep(this.#clock, retryPeriodSeconds * 1000 * (1 + 0.2 * this.#random()), signal);
    }
    return false;
  }

  /** Renews until that failed for as long as the deadline allows, or somebody else is seen to hold the lease. */
  async #keep(signal: AbortSignal): Promise<'lost' | 'stopped'> {
    let attempt: Attempt = 'held';
    while (!signal.aborted && attempt !== 'taken') {
      const pauseMilliseconds = Math.min(this.#timing.retryPeriodSeconds * 1000, this.#remainingMilliseconds());
      await sleep(this.#clock, pauseMilliseconds, signal);
      if (this.#remainingMilliseconds() <= 0) return 'lost';
      attempt = await this.#attempt(this.#remainingMilliseconds());
    }
    return attempt === 'taken' ? 'lost' : 'stopped';
  }

  #remainingMilliseconds(): number {
    const deadline = this.#heldSinceMilliseconds + this.#timing.renewDeadlineSeconds * 1000;
    return deadline - this.#clock.monotonicMilliseconds();
  }

  /** Takes or renews the lease if that is allowed. Not broken off by a stop: what a write did must be known then. */
  async #attempt(limitMilliseconds: number): Promise<Attempt> {
    const startedAt = this.#clock.monotonicMilliseconds();
    // A quarter of the deadline per request, so that a connection that died leaves time for others.
    const timeoutMilliseconds = Math.min(limitMilliseconds / 2, (this.#timing.renewDeadlineSeconds * 1000) / 4);
    try {
      const attempt = await this.#takeOrRenew({ timeoutMilliseconds });
      if (attempt === 'held') this.#heldSinceMilliseconds = startedAt;
      return attempt;
    } catch (error) {
      // Somebody else was faster: part of the game.
      if (isConflict(error) || isAlreadyExists(error)) return 'unsure';
      this.#options.logger.warn(
        { lease: this.#options.lease.name, err: error },
        'the lease is out of reach; trying again',
      );
      return 'unsure';
    }
  }

  async #takeOrRenew(options: CallOptions): Promise<Attempt> {
    const current = await this.#options.client.get(leases, this.#options.lease, options);
    if (current === undefined) {
      await this.#create(options);
      return 'held';
    }
    this.#observe(current);
    if (!this.#mayTake(current)) return 'taken';
    await this.#write(current, options);
    return 'held';
  }

  #observe(lease: Lease): void {
    const { resourceVersion } = lease.metadata;
    if (this.#observation?.resourceVersion === resourceVersion) return;
    this.#observation = { resourceVersion, atMilliseconds: this.#clock.monotonicMilliseconds() };
  }

  #mayTake({ spec }: Lease): boolean {
    const holder = spec?.holderIdentity ?? '';
    if (holder === '' || holder === this.#options.identity) return true;
    const durationSeconds = spec?.leaseDurationSeconds ?? this.#timing.leaseDurationSeconds;
    const since = this.#observation?.atMilliseconds ?? this.#clock.monotonicMilliseconds();
    return this.#clock.monotonicMilliseconds() >= since + durationSeconds * 1000;
  }

  async #create(options: CallOptions): Promise<void> {
    const { client, lease } = this.#options;
    const now = toMicroTime(this.#clock.wallMilliseconds());
    const object = { metadata: { ...lease }, spec: { ...this.#claim(now), acquireTime: now, leaseTransitions: 0 } };
    this.#observe(await client.create(leases, object, options));
  }

  /** Writes only over the very version that was read: of several candidates, one wins. */
  async #write(current: Lease, options: CallOptions): Promise<void> {
    const { client, lease, identity } = this.#options;
    const now = toMicroTime(this.#clock.wallMilliseconds());
    const taken = { acquireTime: now, leaseTransitions: (current.spec?.leaseTransitions ?? 0) + 1 };
    const isRenewal = current.spec?.holderIdentity === identity;
    const spec = isRenewal ? this.#claim(now) : { ...this.#claim(now), ...taken };
    const patch = { metadata: { resourceVersion: current.metadata.resourceVersion }, spec };
    this.#observe(await client.mergePatch(leases, lease, patch, options));
  }

  #claim(now: string): { holderIdentity: string; leaseDurationSeconds: number; renewTime: string } {
    const { leaseDurationSeconds } = this.#timing;
    return { holderIdentity: this.#options.identity, leaseDurationSeconds, renewTime: now };
  }

  async #release(): Promise<void> {
    const { client, lease, logger } = this.#options;
    const resourceVersion = this.#observation?.resourceVersion;
    const renewTime = toMicroTime(this.#clock.wallMilliseconds());
    const spec = { holderIdentity: '', leaseDurationSeconds: 1, renewTime };
    try {
      await client.mergePatch(leases, lease, { metadata: { resourceVersion }, spec }, { timeoutMilliseconds: 5_000 });
      logger.info({ lease: lease.name }, 'leadership handed over');
    } catch (error) {
      logger.warn({ lease: lease.name, err: error }, 'the lease could not be handed over; it will run out by itself');
    }
  }
}
