import { describe, expect, it } from 'vitest';
import type { MoverLimits } from '../../api/rebound-settings.ts';
import type { WaitingMover } from './mover.ts';
import { placeInWords } from './place-in-words.ts';
import { planQueue, type QueueFacts } from './plan-queue.ts';
import { PRIORITY_MILLISECONDS, PROMOTION_MILLISECONDS } from './queue-order.ts';

const limits: MoverLimits = { restores: 1, backups: 1, firstBackups: 1, maintenance: 1 };
const NOW = 1_000 * PROMOTION_MILLISECONDS;

const mover = (id: string, what: Partial<WaitingMover> = {}): WaitingMover => ({
  id,
  task: 'backup',
  cause: 'scheduled',
  namespace: id,
  isFirst: false,
  sinceMilliseconds: NOW,
  priority: 0,
  ...what,
});

const restore = (id: string, what: Partial<WaitingMover> = {}): WaitingMover =>
  mover(id, { task: 'restore', cause: 'restore', ...what });

const plan = (waiting: readonly WaitingMover[], more: Partial<QueueFacts> = {}) =>
  planQueue({
    working: [],
    waiting,
    limits: { cluster: limits, destinations: new Map() },
    lastServed: new Map(),
    nowMilliseconds: NOW,
    ...more,
  });

/** In which order they would begin, one after the other; each ends before the next begins. */
function order(all: readonly WaitingMover[], nowMilliseconds = NOW): readonly string[] {
  const begun: WaitingMover[] = [];
  const lastServed = new Map<string, number>();
  while (begun.length < all.length) {
    const { begin } = plan(
      all.filter((one) => !begun.includes(one)),
      { lastServed, nowMilliseconds: nowMilliseconds + begun.length },
    );
    const next = all.find(({ id }) => id === begin[0]);
    if (next === undefined) throw new Error('nothing begins');
    begun.push(next);
    lastServed.set(`${next.task} ${next.namespace}`, nowMilliseconds + begun.length);
  }
  return begun.map(({ id }) => id);
}

describe('a queue of movers', () => {
  it('begins what was asked for before what is overdue, then first backups, then what is scheduled', () => {
    const causes = ['scheduled', 'first', 'overdue', 'asked'] as const;
    expect(order(causes.map((cause) => mover(cause, { cause })))).toEqual(['asked', 'overdue', 'first', 'scheduled']);
  });

  it('counts one that has waited as one of a better cause', () => {
    const old = mover('old', { sinceMilliseconds: NOW - 3 * PROMOTION_MILLISECONDS - 1 });
    expect(order([mover('asked', { cause: 'asked' }), old])).toEqual(['old', 'asked']);
  });

  it('lets a namespace with 500 claims keep one with a single claim waiting for no more than one of them', () => {
    const many = Array.from({ length: 500 }, (_, index) =>
      mover(`many-${index}`, { namespace: 'many', sinceMilliseconds: NOW - 1_000 }),
    );
    expect(order([...many, mover('one')]).indexOf('one')).toBeLessThanOrEqual(1);
  });

  it('lets one with a single claim catch up with 500 that have waited for a day already', () => {
    const day = 24 * 60 * 60_000;
    const many = Array.from({ length: 500 }, (_, index) =>
      mover(`many-${index}`, { namespace: 'many', sinceMilliseconds: NOW - day }),
    );
    const later = NOW + 3 * PROMOTION_MILLISECONDS;
    expect(order([...many, mover('one')], later).indexOf('one')).toBeLessThanOrEqual(1);
  });

  it('gives a slot to the namespace that has fewer at work', () => {
    const working = [mover('a-1', { namespace: 'a' })];
    const waiting = [mover('a-2', { namespace: 'a', sinceMilliseconds: NOW - 1_000 }), mover('b')];
    const two = { cluster: { ...limits, backups: 2 }, destinations: new Map<string, number>() };
    expect(plan(waiting, { working, limits: two }).begin).toEqual(['b']);
  });

  it('begins restores of a higher priority first, and lets no one wait for ever', () => {
    const low = restore('low', { priority: -1 });
    expect(order([low, restore('high', { priority: 2 }), restore('none')])).toEqual(['high', 'none', 'low']);
    const waited = { ...low, sinceMilliseconds: NOW - 3 * PRIORITY_MILLISECONDS - 1 };
    expect(order([restore('high', { priority: 2 }), waited])).toEqual(['low', 'high']);
  });

  it('does not let a first backup that may not begin keep others back', () => {
    const working = [mover('works', { isFirst: true })];
    const two = { cluster: { ...limits, backups: 2 }, destinations: new Map<string, number>() };
    const first = mover('first', { cause: 'first', isFirst: true });
    const { begin, places } = plan([first, mover('scheduled')], { working, limits: two });
    expect(begin).toEqual(['scheduled']);
    expect(places.get('first')?.waitsFor).toBe('no more than 1 first backup works at a time');
  });

  it('keeps the last place of a destination for a restore, and lets backups have its only one', () => {
    const at = (movers: number) => ({ cluster: { ...limits, backups: 9 }, destinations: new Map([['d', movers]]) });
    const three = ['1', '2', '3'].map((id) => mover(id, { destination: 'd' }));
    expect(plan(three, { limits: at(3) }).begin).toEqual(['1', '2']);
    expect(plan(three, { limits: at(1) }).begin).toEqual(['1']);
    const [one, two] = three;
    const working = [one, two].filter((each) => each !== undefined);
    expect(plan([restore('r', { destination: 'd' })], { working, limits: at(3) }).begin).toEqual(['r']);
  });

  it('begins nothing that is held, and lets the next one begin', () => {
    const held = mover('held', { cause: 'asked', heldBecause: 'the destination does not answer' });
    const { begin, places } = plan([held, mover('other')]);
    expect(begin).toEqual(['other']);
    expect(places.get('held')).toEqual({ place: 1, of: 1, waitsFor: 'the destination does not answer' });
  });

  it('says the places of the first ten, and of the others only that there are many', () => {
    const working = [mover('works')];
    const waiting = Array.from({ length: 347 }, (_, index) => mover(`m-${String(index).padStart(3, '0')}`));
    const { places } = plan(waiting, { working });
    const words = (id: string) => placeInWords(places.get(id) ?? { place: 0, of: 0, waitsFor: '' });
    expect(words('m-006')).toBe('it has place 7 of 347, and no more than 1 backup works at a time');
    expect(words('m-100')).toBe(
      'it is not among the next 10 of more than 200, and no more than 1 backup works at a time',
    );
    expect(words('m-346')).toBe(words('m-100'));
  });
});
