import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decideIdentity, type IdentityFact } from './destination-identity.ts';

const known = (id: string): IdentityFact => ({ kind: 'known', id });
const missing: IdentityFact = { kind: 'missing' };
const silent: IdentityFact = { kind: 'unknown', reason: 'Timeout', message: 'no answer within 15 s' };

const id = fc.constantFrom('a', 'b', 'c');
const maybeId = fc.option(id, { nil: undefined });
const reading = fc.oneof(id.map(known), fc.constantFrom(missing, silent));

describe('decideIdentity', () => {
  it('gives an identity to a store that nobody has seen before', () => {
    expect(decideIdentity({ reading: missing })).toEqual({ kind: 'initialize' });
  });

  it('takes over the identity of a store that a former cluster used', () => {
    expect(decideIdentity({ reading: known('a') })).toEqual({ kind: 'accept', id: 'a' });
  });

  it('says what to do about a store that lost its identity', () => {
    const decision = decideIdentity({ remembered: 'a', reading: missing });
    expect(decision).toMatchObject({ kind: 'refuse', reason: 'IdentityMissing' });
    expect(decision).toHaveProperty('message', expect.stringContaining('should be destination a'));
  });

  it('says what to do about another store', () => {
    const decision = decideIdentity({ remembered: 'a', reading: known('b') });
    expect(decision).toMatchObject({ kind: 'refuse', reason: 'WrongIdentity' });
  });

  it("counts the user's demand more than what is remembered", () => {
    expect(decideIdentity({ demanded: 'b', remembered: 'a', reading: known('b') })).toEqual({
      kind: 'accept',
      id: 'b',
    });
  });

  it('invariant 2: a store is never taken for a new one, or for the right one, on anything but its own certain word', () => {
    fc.assert(
      fc.property(maybeId, maybeId, reading, (demanded, remembered, answer) => {
        const expected = demanded ?? remembered;
        const decision = decideIdentity({ demanded, remembered, reading: answer });
        if (decision.kind === 'initialize') expect([answer, expected]).toEqual([missing, undefined]);
        if (decision.kind === 'accept')
          expect([answer, expected ?? decision.id]).toEqual([known(decision.id), decision.id]);
        if (answer.kind === 'unknown') expect(decision).toEqual({ ...answer, kind: 'refuse' });
      }),
    );
  });
});
