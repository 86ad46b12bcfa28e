import { describe, expect, it } from 'vitest';
import type { RestoreForesight, TreeFacts } from '../api/restore-foresight.ts';
import type { SnapshotReference } from '../api/snapshot.ts';
import { isForesightNews, isLookDue, type LookFacts, viewForesight } from './restore-foresight.ts';
import type { RestoreLimit } from './restore-limits.ts';

const backup = (id: string, time: string, files: number): SnapshotReference => ({ id, time, files, directories: 1 });
const first = backup('1', '2030-01-01T00:00:00Z', 99);
const moverUser = { runAsUser: 1000 };
const tree: TreeFacts = { entries: 100, whole: true, owners: [] };
const plain: RestoreForesight = { snapshot: first, tree, moverUser, told: [] };

const old: LookFacts = { before: plain, lastBackup: first, moverUser, claimCreated: '2029-01-01T00:00:00Z' };
const isDue = (facts: Partial<LookFacts>): boolean => isLookDue({ ...old, ...facts });
const anHourLater = backup('2', '2030-01-01T01:00:00Z', 99);

describe('isLookDue', () => {
  it('is at the first backup, and not at each of the next', () => {
    expect(isDue({ before: undefined })).toBe(true);
    expect(isDue({})).toBe(false);
    expect(isDue({ lastBackup: backup('2', '2030-01-02T12:00:00Z', 120) })).toBe(false);
  });

  it.each<[string, Partial<LookFacts>]>([
    ['the mover runs as another', { lastBackup: anHourLater, moverUser: { runAsUser: 33 } }],
    ['the volume has grown', { lastBackup: { ...anHourLater, files: 400 } }],
    ['the volume has shrunk', { lastBackup: { ...anHourLater, files: 3 } }],
    ['a week has gone by', { lastBackup: backup('2', '2030-01-08T00:00:00Z', 99) }],
    [
      'a day has, and what was told may be mended',
      { before: { ...plain, told: ['ACLsLost'] }, lastBackup: backup('2', '2030-01-02T00:00:00Z', 99) },
    ],
    ['the last one could not be looked into', { before: { ...plain, tree: undefined }, lastBackup: anHourLater }],
    ['a new claim is twice as old', { claimCreated: '2029-12-31T23:00:00Z', lastBackup: anHourLater }],
  ])('is once %s', (_, facts) => {
    expect(isDue(facts)).toBe(true);
  });

  it('is not yet while a new claim is not twice as old', () => {
    expect(isDue({ claimCreated: '2029-12-31T22:00:00Z', lastBackup: anHourLater })).toBe(false);
  });

  it('is not for the snapshot that was looked into, whatever else has changed', () => {
    expect(isDue({ moverUser: { runAsUser: 33 } })).toBe(false);
    expect(isDue({ before: { ...plain, tree: undefined, unread: 'damaged' } })).toBe(false);
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
