import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  answeredTakeOver,
  decideOwnership,
  type OwnershipFacts,
  SILENT_MILLISECONDS,
  type SignOfLife,
  unansweredTakeOver,
} from './ownership.ts';

const HOUR = 3_600_000;

const seen = (ageMilliseconds: number): SignOfLife => ({
  kind: 'seen',
  ageMilliseconds,
  timeMilliseconds: Date.UTC(2030, 0, 1),
});

const facts = (over: Partial<OwnershipFacts> = {}): OwnershipFacts => ({
  clusterUid: 'us',
  owner: { clusterUid: 'them' },
  signOfLife: seen(60_000),
  lastGoodAgeMilliseconds: HOUR,
  intervalMilliseconds: HOUR,
  ...over,
});

describe('who may write the backups of a claim', () => {
  it('is this cluster where nobody has written before', () => {
    expect(decideOwnership(facts({ owner: undefined }))).toEqual({ kind: 'ours' });
  });

  it('is this cluster where it has written before, whatever is known of its own sign of life', () => {
    const owner = { clusterUid: 'us', releasedAt: '2030-01-01T00:00:00Z' };
    expect(decideOwnership(facts({ owner, signOfLife: { kind: 'unknown', message: 'no answer' } }))).toEqual({
      kind: 'ours',
    });
  });

  it('is the other cluster while that lives', () => {
    expect(decideOwnership(facts())).toMatchObject({ kind: 'foreign', owner: 'them' });
  });

  it('is the other cluster while nobody knows whether that lives', () => {
    const signOfLife = { kind: 'unknown', message: 'no answer' } as const;
    expect(decideOwnership(facts({ signOfLife }))).toMatchObject({ kind: 'foreign', owner: 'them' });
  });

  it.each([
    ['gave the claim up', facts({ owner: { clusterUid: 'them', releasedAt: '2030-01-01T00:00:00Z' } })],
    ['has been silent for ten minutes', facts({ signOfLife: seen(SILENT_MILLISECONDS) })],
    ['has left no sign of life', facts({ signOfLife: { kind: 'absent' } })],
    ['has had no good backup for two and a half intervals', facts({ lastGoodAgeMilliseconds: 2.5 * HOUR + 1 })],
    ['is named by the annotation', facts({ takeOver: 'them' })],
  ])('passes to this cluster once the other one %s', (_, given) => {
    expect(decideOwnership(given).kind).toBe('takeOver');
  });

  it('stays with the other one that took over less than two and a half intervals ago and has had no good backup yet', () => {
    const old = { lastGoodAgeMilliseconds: 30 * HOUR };
    expect(decideOwnership(facts({ ...old, ownedMilliseconds: 2.5 * HOUR })).kind).toBe('foreign');
    expect(decideOwnership(facts({ ...old, ownedMilliseconds: 2.5 * HOUR + 1 })).kind).toBe('takeOver');
  });

  it('does not pass because the annotation names some other cluster', () => {
    expect(decideOwnership(facts({ takeOver: 'someone' })).kind).toBe('foreign');
  });

  it('never belongs to two clusters that hear each other and have both backed up lately', () => {
    fc.assert(
      fc.property(fc.constantFrom('us', 'them'), fc.integer({ min: 0, max: SILENT_MILLISECONDS - 1 }), (owner, age) => {
        const of = (clusterUid: string) =>
          decideOwnership(facts({ clusterUid, owner: { clusterUid: owner }, signOfLife: seen(age) })).kind;
        expect([of('us'), of('them')].filter((kind) => kind !== 'foreign')).toEqual(['ours']);
      }),
    );
  });
});

describe('a request to take over', () => {
  it('is to be carried out while it was not there when this cluster last wrote the backups', () => {
    expect(unansweredTakeOver({ asked: 'them', answered: undefined })).toBe('them');
    expect(unansweredTakeOver({ asked: 'others', answered: 'them' })).toBe('others');
    expect(unansweredTakeOver({ asked: undefined, answered: 'them' })).toBeUndefined();
  });

  it('is answered once this cluster writes the backups, and stays so until its user changes it', () => {
    const answered = answeredTakeOver({ asked: 'them', answered: undefined }, true);
    expect(unansweredTakeOver({ asked: 'them', answered })).toBeUndefined();
    expect(answeredTakeOver({ asked: 'them', answered }, false)).toBe('them');
    expect(answeredTakeOver({ asked: undefined, answered }, false)).toBeUndefined();
  });

  it('is not answered while another cluster writes the backups', () => {
    expect(answeredTakeOver({ asked: 'them', answered: undefined }, false)).toBeUndefined();
  });
});
