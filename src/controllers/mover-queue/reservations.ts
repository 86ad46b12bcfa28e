import type { QueuedMover } from '../../domain/queue/mover.ts';

/** For so long after a look the local copies may not know of the mover that it has made. */
const LAG_MILLISECONDS = 60_000;

interface Reservation {
  readonly mover: QueuedMover;
  /** The wish that it was given to. */
  readonly wishKey: string;
  /** What the local copies show of this id is the end of an earlier mover. */
  isOldShown: boolean;
  untilMilliseconds: number;
}

/**
 * Places that were given away, until the local copies show who has them: two looks at the same time never get the same one. One that is
 * not seen to be taken is free again a minute after the last look at who has it.
 */
export class Reservations {
  readonly #reserved = new Map<string, Reservation>();
  readonly #looking = new Set<string>();

  get isEmpty(): boolean {
    return this.#reserved.size === 0;
  }

  has(id: string): boolean {
    return this.#reserved.has(id);
  }

  reserve(mover: QueuedMover, wishKey: string, facts: { readonly isShown: boolean; readonly now: number }): void {
    const isOldShown = this.#reserved.get(mover.id)?.isOldShown ?? facts.isShown;
    this.#reserved.set(mover.id, { mover, wishKey, isOldShown, untilMilliseconds: facts.now + LAG_MILLISECONDS });
  }

  release(id: string): boolean {
    return this.#reserved.delete(id);
  }

  beginLook(wishKey: string): void {
    this.#looking.add(wishKey);
  }

  /** @param now undefined where the look did not ask for the place. */
  endLook(wishKey: string, now: number | undefined): void {
    this.#looking.delete(wishKey);
    if (now === undefined) return;
    for (const one of this.#reserved.values()) {
      if (one.wishKey === wishKey) one.untilMilliseconds = now + LAG_MILLISECONDS;
    }
  }

  /** What is at work, and what was promised beside it. */
  with(shown: ReadonlyMap<string, QueuedMover>, now: number): ReadonlyMap<string, QueuedMover> {
    for (const [id, one] of this.#reserved) {
      if (!shown.has(id)) one.isOldShown = false;
      const isSeen = shown.has(id) && !one.isOldShown;
      if (isSeen || (!this.#looking.has(one.wishKey) && one.untilMilliseconds <= now)) this.#reserved.delete(id);
    }
    return new Map([...shown, ...[...this.#reserved].map(([id, { mover }]) => [id, mover] as const)]);
  }
}
