import { describe, expect, it } from 'vitest';
import { decisionToken } from './decision-token.ts';

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
