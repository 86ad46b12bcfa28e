import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formerNameForClaim, nameForClaim, primeClaimName, restoreAttemptName } from './object-names.ts';

/** Names that Kubernetes allows for a claim (RFC 1123 subdomain). */
const label = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,60}[a-z0-9])?$/);
const claimName = fc
  .array(label, { minLength: 1, maxLength: 4 })
  .map((labels) => labels.join('.'))
  .filter((name) => name.length <= 253);

const LABEL = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const UID = '11111111-2222-3333-4444-555555555555';
/** What VolSync puts around an object's name in labels and names of its own (internal/controller/mover, v0.14). */
const engineName = (name: string) => `volsync-dst-${name}`;

describe('nameForClaim', () => {
  it('keeps a short name readable', () => {
    expect(nameForClaim('data')).toBe('rebound-data');
  });

  it('is a label that leaves room for what the engine adds, however long the claim is', () => {
    fc.assert(
      fc.property(claimName, (name) => {
        expect(nameForClaim(name)).toMatch(LABEL);
        expect(engineName(nameForClaim(name))).toMatch(LABEL);
      }),
    );
  });

  it('tells claims apart', () => {
    fc.assert(
      fc.property(claimName, claimName, (one, other) => {
        fc.pre(one !== other);
        expect(nameForClaim(one)).not.toBe(nameForClaim(other));
      }),
    );
    const long = 'x'.repeat(100);
    expect(nameForClaim(`${long}-1`)).not.toBe(nameForClaim(`${long}-2`));
    expect(nameForClaim('a.b')).not.toBe(nameForClaim('a-b'));
  });

  it('tells claims apart whose names are made to look alike', () => {
    fc.assert(
      fc.property(claimName, (name) => {
        const digested = nameForClaim(name).slice('rebound-'.length);
        fc.pre(digested !== name);
        expect(nameForClaim(digested)).not.toBe(nameForClaim(name));
      }),
    );
    expect(nameForClaim('data-v1-4c610ff1')).not.toBe(nameForClaim('data.v1'));
  });
});

describe('formerNameForClaim', () => {
  it('is the present one for short names, and what the first releases made of others', () => {
    expect(formerNameForClaim('data')).toBe(nameForClaim('data'));
    expect(formerNameForClaim('data.v1')).toBe('rebound-data-v1-4c610ff1');
  });
});

describe('names of a restore', () => {
  it('are labels, with what the engine adds too', () => {
    expect(primeClaimName(UID)).toMatch(LABEL);
    expect(engineName(restoreAttemptName(UID, 999))).toMatch(LABEL);
  });

  it('are new for every attempt', () => {
    expect(restoreAttemptName(UID, 1)).not.toBe(restoreAttemptName(UID, 2));
  });
});
