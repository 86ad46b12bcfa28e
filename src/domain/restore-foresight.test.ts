import { describe, expect, it } from 'vitest';
import type { RestoreForesight, TreeFacts } from '../api/restore-foresight.ts';
import type { MoverUser, SnapshotReference } from '../api/snapshot.ts';
import { isForesightNews, isLookDue, viewForesight } from './restore-foresight.ts';
import type { RestoreLimit } from './restore-limits.ts';

const backup = (id: string, time: string, files: number): SnapshotReference => ({ id, time, files, directories: 1 });
const first = backup('1', '2030-01-01T00:00:00Z', 99);
const moverUser = { runAsUser: 1000 };
const tree: TreeFacts = { entries: 100, whole: true, owners: [] };
const plain: RestoreForesight = { snapshot: first, tree, moverUser, told: [] };

describe('isLookDue', () => {
  it('is at the first backup, and not at each of the next', () => {
    expect(isLookDue(undefined, first, moverUser)).toBe(true);
    expect(isLookDue(plain, first, moverUser)).toBe(false);
    expect(isLookDue(plain, backup('2', '2030-01-02T12:00:00Z', 120), moverUser)).toBe(false);
  });

  it.each<[string, RestoreForesight, SnapshotReference, MoverUser]>([
    ['the mover runs as another', plain, backup('2', '2030-01-01T01:00:00Z', 99), { runAsUser: 33 }],
    ['the volume has grown', plain, backup('2', '2030-01-01T01:00:00Z', 400), moverUser],
    ['the volume has shrunk', plain, backup('2', '2030-01-01T01:00:00Z', 3), moverUser],
    ['a week has gone by', plain, backup('2', '2030-01-08T00:00:00Z', 99), moverUser],
    [
      'a day has, and what was told may be mended',
      { ...plain, told: ['ACLsLost'] },
      backup('2', '2030-01-02T00:00:00Z', 99),
      moverUser,
    ],
    [
      'the last one could not be looked into',
      { ...plain, tree: undefined },
      backup('2', '2030-01-01T01:00:00Z', 99),
      moverUser,
    ],
  ])('is once %s', (_, before, lastBackup, user) => {
    expect(isLookDue(before, lastBackup, user)).toBe(true);
  });

  it('is not for the snapshot that was looked into, whatever else has changed', () => {
    expect(isLookDue(plain, first, { runAsUser: 33 })).toBe(false);
    expect(isLookDue({ ...plain, tree: undefined, unread: 'damaged' }, first, moverUser)).toBe(false);
  });
});

describe('isForesightNews', () => {
  const limited = { ...plain, told: ['ACLsLost'] };

  it('is what was not told before', () => {
    expect(isForesightNews(undefined, plain)).toBe(false);
    expect(isForesightNews(undefined, limited)).toBe(true);
    expect(isForesightNews(plain, limited)).toBe(true);
    expect(isForesightNews(limited, { ...plain, told: ['OwnersLost', 'ACLsLost'] })).toBe(true);
    expect(isForesightNews(limited, { ...limited, moverUser: {} })).toBe(true);
  });

  it('is nothing that was told, or is no more', () => {
    expect(isForesightNews(limited, { ...limited, tree: { ...tree, entries: 101 } })).toBe(false);
    expect(isForesightNews(limited, plain)).toBe(false);
  });
});

describe('viewForesight', () => {
  const limit = (message: string, cure: string): RestoreLimit => ({ reason: 'ACLsLost', message, cure });

  it('names what will lack, and each cure once', () => {
    const limits = [limit('A is lost.', 'Do x.'), limit('B is lost.', 'Do y.'), limit('C is lost.', 'Do x.')];
    expect(viewForesight(plain, limits)).toEqual({
      status: 'True',
      reason: 'Foreseen',
      message: 'A is lost. B is lost. C is lost. Do x. Do y.',
    });
  });

  it('says that nothing is foreseen only of a tree that was seen in whole', () => {
    expect(viewForesight(plain, [])).toMatchObject({ status: 'False', reason: 'NothingForeseen' });
  });

  it('invariant 2: what was not looked at is unknown, and never nothing', () => {
    const partly = { ...plain, tree: { ...tree, whole: false } };
    expect(viewForesight(partly, [])).toMatchObject({ status: 'Unknown', reason: 'PartlyRead' });
    expect(viewForesight(partly, [limit('A is lost.', 'Do x.')]).message).toBe(
      'A is lost. Only the first 100 files and folders of the backup were looked at. Do x.',
    );
    const unread = viewForesight({ unread: 'tree 1 is in no index' }, []);
    expect(unread).toMatchObject({ status: 'Unknown', reason: 'Unread' });
    expect(unread.message).toContain('tree 1 is in no index');
  });
});
