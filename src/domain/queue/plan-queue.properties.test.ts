import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { MoverLimits } from '../../api/rebound-settings.ts';
import type { MoverCause, MoverTask, WaitingMover } from './mover.ts';
import { planQueue } from './plan-queue.ts';

const causes: Readonly<Record<MoverTask, readonly MoverCause[]>> = {
  restore: ['restore'],
  backup: ['asked', 'overdue', 'first', 'scheduled'],
  maintenance: ['maintenance'],
};
const MINUTE = 60_000;

const wanted = fc.constantFrom<MoverTask>('restore', 'backup', 'maintenance').chain((task) =>
  fc.record({
    task: fc.constant(task),
    cause: fc.constantFrom(...causes[task]),
    namespace: fc.constantFrom('a', 'b', 'c'),
    destination: fc.constantFrom('default', 'other', undefined),
    isFirst: fc.boolean(),
    sinceMilliseconds: fc.integer({ min: 0, max: 300 * MINUTE }),
    priority: fc.integer({ min: -3, max: 3 }),
    /** How long it works. */
    minutes: fc.integer({ min: 1, max: 30 }),
  }),
);

const few = fc.integer({ min: 1, max: 3 });
const someLimits: fc.Arbitrary<MoverLimits> = fc.record({
  restores: few,
  backups: few,
  firstBackups: few,
  maintenance: few,
});

interface Played extends WaitingMover {
  readonly minutes: number;
}

const countOf = (all: readonly Played[], isOne: (one: Played) => boolean): number => all.filter(isOne).length;

/** Plays a queue, minute by minute, until nothing waits; `onMinute` sees what works. */
function play(
  all: readonly Played[],
  cluster: MoverLimits,
  destinations: ReadonlyMap<string, number>,
  onMinute: (working: readonly Played[]) => void,
): number {
  const lastServed = new Map<string, number>();
  const begun = new Map<string, number>();
  for (let now = 0; now < 100_000 * MINUTE; now += MINUTE) {
    const isWorking = ({ id, minutes }: Played): boolean => now - (begun.get(id) ?? now) < minutes * MINUTE;
    const working = all.filter((one) => begun.has(one.id) && isWorking(one));
    const waiting = all.filter((one) => !begun.has(one.id) && one.sinceMilliseconds <= now);
    const facts = { working, waiting, limits: { cluster, destinations }, lastServed, nowMilliseconds: now };
    const { begin, places } = planQueue(facts);
    expect(begin.length + places.size).toBe(waiting.length);
    for (const one of all.filter(({ id }) => begin.includes(id))) {
      begun.set(one.id, now);
      lastServed.set(`${one.task} ${one.namespace}`, now);
    }
    onMinute(all.filter((one) => begun.has(one.id) && isWorking(one)));
    if (begun.size === all.length) return now;
  }
  throw new Error('something never begins');
}

const named = (all: readonly Omit<Played, 'id'>[]): readonly Played[] =>
  all.map((one, index) => ({ ...one, id: `mover-${index}` }));

describe('a queue of movers', () => {
  it('never lets more work than the limits say, and lets everything begin', () => {
    fc.assert(
      fc.property(fc.array(wanted, { maxLength: 25 }), someLimits, few, (list, limits, movers) => {
        play(named(list), limits, new Map([['default', movers]]), (working) => {
          const of = (task: MoverTask) => countOf(working, (one) => one.task === task);
          expect(of('restore')).toBeLessThanOrEqual(limits.restores);
          expect(of('backup')).toBeLessThanOrEqual(limits.backups);
          expect(of('maintenance')).toBeLessThanOrEqual(limits.maintenance);
          const first = countOf(working, ({ task, isFirst }) => task === 'backup' && isFirst);
          expect(first).toBeLessThanOrEqual(limits.firstBackups);
          expect(countOf(working, ({ destination }) => destination === 'default')).toBeLessThanOrEqual(movers);
        });
      }),
      { numRuns: 150 },
    );
  });

  it('lets nothing that works keep a restore from beginning but restores, where no destination has a limit', () => {
    fc.assert(
      fc.property(fc.array(wanted, { maxLength: 25 }), someLimits, (all, limits) => {
        const waiting = named(all);
        const working = waiting.filter(({ task }) => task !== 'restore');
        const nowMilliseconds = 300 * MINUTE;
        const facts = { working, limits: { cluster: limits, destinations: new Map() }, lastServed: new Map() };
        const { begin } = planQueue({ ...facts, waiting, nowMilliseconds });
        const restores = waiting.filter(({ task }) => task === 'restore').map(({ id }) => id);
        const begun = begin.filter((id) => restores.includes(id));
        expect(begun).toHaveLength(Math.min(restores.length, limits.restores));
      }),
    );
  });
});
