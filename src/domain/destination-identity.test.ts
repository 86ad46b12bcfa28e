import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideIdentity, type IdentityFact, type StoreContent } from './destination-identity.ts';

const known = (id: string): IdentityFact => ({ kind: 'known', id });
const missing: IdentityFact = { kind: 'missing' };
const silent = { kind: 'unknown', reason: 'Timeout', message: 'no answer within 15 s' } as const;
const empty: StoreContent = { kind: 'surveyed', recordsOf: [] };
const filled: StoreContent = { kind: 'surveyed', sampleKey: 'shop/data/config', recordsOf: [] };
const withRecords = (...recordsOf: (string | undefined)[]): StoreContent => ({
  kind: 'surveyed',
  sampleKey: '.rebound/claims/shop/data.json',
  recordsOf,
});

const id = fc.constantFrom('a', 'b', 'c');
const maybeId = fc.option(id, { nil: undefined });
const reading = fc.oneof(id.map(known), fc.constantFrom(missing, silent));
const content = fc.oneof(
  fc.constantFrom(undefined, empty, filled, silent),
  fc.array(maybeId, { minLength: 1, maxLength: 4 }).map((ids) => withRecords(...ids)),
);

const isNamedByAll = (found: StoreContent | undefined, id: string): boolean =>
  found?.kind === 'surveyed' && found.recordsOf.length > 0 && found.recordsOf.every((one) => one === id);

describe('decideIdentity', () => {
  it('accepts the store that is expected', () => {
    expect(decideIdentity({ remembered: 'a', reading: known('a') })).toEqual({ kind: 'accept', id: 'a' });
  });

  it('takes over the identity of a store that a former cluster used', () => {
    expect(decideIdentity({ reading: known('a') })).toEqual({ kind: 'accept', id: 'a' });
  });

  it('says what to do about another store', () => {
    const decision = decideIdentity({ remembered: 'a', reading: known('b') });
    expect(decision).toMatchObject({ kind: 'refuse', reason: 'WrongIdentity' });
  });

  it("counts the user's demand more than what is remembered", () => {
    const facts = { demanded: 'b', remembered: 'a', reading: known('b') };
    expect(decideIdentity(facts)).toEqual({ kind: 'accept', id: 'b' });
  });

  it('looks through a store that has no identity before it decides', () => {
    expect(decideIdentity({ reading: missing })).toEqual({ kind: 'survey' });
    expect(decideIdentity({ remembered: 'a', reading: missing })).toEqual({ kind: 'survey' });
  });

  it('writes a lost identity back, with a warning, where all the records name it', () => {
    const decision = decideIdentity({ remembered: 'a', reading: missing, content: withRecords('a', 'a') });
    expect(decision).toMatchObject({ kind: 'initialize', id: 'a' });
    expect(decision).toHaveProperty('warning', expect.stringContaining('written back'));
  });

  it.each([
    ['is empty', empty],
    ['has no records', filled],
    ['has records of another destination', withRecords('a', 'b')],
    ['has records of an earlier release, which name none', withRecords('a', undefined)],
  ])('invariant 2: holds when an identity is expected and the store %s, and says what cures it', (_, found) => {
    const decision = decideIdentity({ remembered: 'a', reading: missing, content: found });
    expect(decision).toMatchObject({ kind: 'refuse', reason: 'IdentityMissing' });
    expect(decision).toHaveProperty('message', expect.stringContaining('should be destination a'));
    expect(decision).toHaveProperty('message', expect.stringContaining('rebound.dev/initialize: a'));
  });

  it('gives a lost identity back when the annotation names that very one', () => {
    const facts = { remembered: 'a', reading: missing, content: filled };
    expect(decideIdentity({ ...facts, initializeAs: 'a' })).toEqual({ kind: 'initialize', id: 'a' });
    expect(decideIdentity({ ...facts, initializeAs: 'b' })).toMatchObject({ kind: 'refuse' });
  });

  it('gives an identity to an empty store that nobody has seen before', () => {
    expect(decideIdentity({ reading: missing, content: empty })).toEqual({ kind: 'initialize' });
  });

  it('invariant 2: does not take a store that holds something for a new one', () => {
    const decision = decideIdentity({ reading: missing, content: filled });
    expect(decision).toMatchObject({ kind: 'refuse', reason: 'NotInitialized' });
    expect(decision).toHaveProperty('message', expect.stringContaining('it holds shop/data/config'));
    const cured = decideIdentity({ reading: missing, content: filled, initializeAs: 'c' });
    expect(cured).toEqual({ kind: 'initialize', id: 'c' });
  });

  it('invariant 2: what cannot be read is unknown', () => {
    for (const facts of [{ reading: silent }, { reading: missing, content: silent }]) {
      expect(decideIdentity(facts)).toEqual({ ...silent, kind: 'refuse' });
    }
  });

  it('invariant 12: a store is never taken for the right one on anything but its own certain word', () => {
    fc.assert(
      fc.property(maybeId, maybeId, reading, content, (demanded, remembered, answer, found) => {
        const decision = decideIdentity({ demanded, remembered, reading: answer, content: found });
        if (decision.kind !== 'accept') return;
        expect(answer).toEqual(known(demanded ?? remembered ?? decision.id));
        expect(answer).toEqual(known(decision.id));
      }),
    );
  });

  it('invariant 12: an identity is written only where none is, nothing was lost, or a person or all records name it', () => {
    const facts = fc.record({ demanded: maybeId, remembered: maybeId, initializeAs: maybeId, reading, content });
    fc.assert(
      fc.property(facts, (given) => {
        const decision = decideIdentity(given);
        if (decision.kind !== 'initialize') return;
        expect([given.reading, given.content?.kind]).toEqual([missing, 'surveyed']);
        const expected = given.demanded ?? given.remembered;
        const isAsked = given.initializeAs !== undefined && (expected ?? given.initializeAs) === given.initializeAs;
        const isVouchedFor = expected !== undefined && isNamedByAll(given.content, expected);
        const isNew = expected === undefined && given.content === empty;
        expect([isAsked, isVouchedFor, isNew]).toContain(true);
        expect(decision.id ?? 'a new one').toBe(isAsked ? given.initializeAs : (expected ?? 'a new one'));
      }),
    );
  });
});
