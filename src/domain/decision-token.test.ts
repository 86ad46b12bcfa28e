import { describe, expect, it } from 'vitest';
import { decisionToken, standingDecision } from './decision-token.ts';

const now = Date.parse('2026-08-01T10:00:00.999Z');
const at = '@2026-08-01T10:00:00Z';

describe('decisionToken', () => {
  it('holds namespace, name and the time in whole seconds', () => {
    expect(decisionToken({ namespace: 'shop', name: 'db' }, now)).toBe(`shop/db${at}`);
  });

  it('takes the generateName of a claim without a name', () => {
    expect(decisionToken({ namespace: 'shop', name: '', generateName: 'db-' }, now)).toBe(`shop/db-${at}`);
  });

  it('prefers the name, so that a generated claim that is created again under its name gets a token of its own', () => {
    expect(decisionToken({ namespace: 'shop', name: 'db-x7k2p', generateName: 'db-' }, now)).toBe(`shop/db-x7k2p${at}`);
  });

  it('differs between claims whose namespace and name run together', () => {
    const one = decisionToken({ namespace: 'a', name: 'b-c' }, now);
    const other = decisionToken({ namespace: 'a-b', name: 'c' }, now);
    expect(one).not.toBe(other);
  });

  it('holds names of the greatest length', () => {
    const claim = { namespace: 'n'.repeat(63), name: 'c'.repeat(253) };
    expect(decisionToken(claim, now)).toHaveLength(63 + 1 + 253 + at.length);
  });
});

describe('standingDecision', () => {
  const created = '2026-08-01T10:00:00Z';
  const decided = (time: string) => ({
    'rebound.dev/decision': 'fresh',
    'rebound.dev/decision-token': `shop/db@${time}`,
  });

  it.each(['2026-08-01T10:00:00Z', '2026-08-01T09:58:00Z', '2026-08-01T10:02:00Z'])(
    'is the one of the creation, whose clock may differ: %s',
    (time) => {
      expect(standingDecision(decided(time), created)).toBe('fresh');
    },
  );

  it('is none where the annotation came with an exported manifest, or is not there', () => {
    expect(standingDecision(decided('2026-07-31T10:00:00Z'), created)).toBeUndefined();
    expect(standingDecision({}, created)).toBeUndefined();
    expect(standingDecision(undefined, created)).toBeUndefined();
  });

  it.each([{}, { 'rebound.dev/decision-token': 'nonsense' }])('stands where no time can be told: %j', (token) => {
    expect(standingDecision({ 'rebound.dev/decision': 'ignore', ...token }, created)).toBe('ignore');
  });
});
