import { describe, expect, it } from 'vitest';
import { selectability } from './selected-snapshot.ts';

const snapshot = (id: string, time: string, paths = ['/data']) => ({
  id,
  time,
  timeMilliseconds: Date.parse(time),
  paths,
});

const old = snapshot('a', '2030-01-01T10:00:00.1Z');
const first = snapshot('b', '2030-01-01T11:00:00.000000001Z');
const second = snapshot('c', '2030-01-01T11:00:00.9Z');
const next = snapshot('d', '2030-01-01T11:00:01Z');
const all = [old, first, second, next];

describe('which snapshot the mover can be told to restore', () => {
  it('is every one that is the last of its second', () => {
    for (const one of [old, second, next]) expect(selectability(all, one)).toEqual({ kind: 'selectable' });
  });

  it('is none that another of the same second follows', () => {
    expect(selectability(all, first)).toEqual({ kind: 'hidden', by: second });
  });

  it('is neither of two of the very same time', () => {
    const twin = snapshot('e', next.time);
    for (const [one, other] of [
      [next, twin],
      [twin, next],
    ] as const) {
      expect(selectability([...all, twin], one)).toEqual({ kind: 'hidden', by: other });
    }
  });

  it('is none of another folder, and such a one hides none', () => {
    const elsewhere = snapshot('f', '2030-01-01T11:00:00.95Z', ['/home']);
    const list = [old, first, second, elsewhere, next];
    expect(selectability(list, elsewhere)).toEqual({ kind: 'unseen' });
    expect(selectability(list, second)).toEqual({ kind: 'selectable' });
  });
});
