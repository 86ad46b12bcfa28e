import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AUTHORITY_LIFETIME_MILLISECONDS, LEAF_LIFETIME_MILLISECONDS } from './issue.ts';
import {
  type AuthorityFacts,
  type CertificateDecision,
  type CertificateFacts,
  decideRotation,
  type LeafFacts,
  SETTLING_MILLISECONDS,
} from './rotation.ts';

const DAY = 24 * 60 * 60 * 1000;
const now = Date.UTC(2030, 0, 1);

const authority = (fingerprint: string, bornDaysAgo = 1): AuthorityFacts => ({
  fingerprint,
  notBeforeMilliseconds: now - bornDaysAgo * DAY,
  notAfterMilliseconds: now - bornDaysAgo * DAY + AUTHORITY_LIFETIME_MILLISECONDS,
});
const leafOf = (issuer: string | undefined, bornDaysAgo = 1): LeafFacts => ({
  notBeforeMilliseconds: now - bornDaysAgo * DAY,
  notAfterMilliseconds: now - bornDaysAgo * DAY + LEAF_LIFETIME_MILLISECONDS,
  issuer,
  coversNames: true,
});
const published = (authorities: readonly AuthorityFacts[], at = now - DAY) => ({
  everywhere: authorities.map((one) => one.fingerprint),
  anywhere: authorities,
  publishedAtMilliseconds: at,
});

const a = authority('A');
const settled: CertificateFacts = { signer: a, authorities: [a], leaf: leafOf('A'), publication: published([a]) };

describe('decideRotation', () => {
  it('waits for the next renewal when all is well', () => {
    expect(decideRotation(now, settled)).toEqual({ kind: 'wait', untilMilliseconds: now + 59 * DAY });
  });

  it('begins with an authority', () => {
    const nothing = { signer: undefined, authorities: [], leaf: undefined, publication: undefined };
    expect(decideRotation(now, nothing).kind).toBe('issueAuthority');
  });

  it('publishes an authority before anything of it is served', () => {
    const facts = { ...settled, leaf: undefined, publication: published([]) };
    expect(decideRotation(now, facts)).toMatchObject({ kind: 'publish', fingerprints: ['A'] });
  });

  it('makes a certificate without a webhook configuration, so that replicas can start', () => {
    expect(decideRotation(now, { ...settled, leaf: undefined, publication: undefined }).kind).toBe('issueLeaf');
  });

  it.each([
    ['none', undefined],
    ['an expired one', leafOf('A', 91)],
    ['one of an unknown authority', leafOf(undefined)],
    ['one for other names', { ...leafOf('A'), coversNames: false }],
    ['one that is due', leafOf('A', 61)],
  ])('makes a new certificate when there is %s', (_, leaf) => {
    expect(decideRotation(now, { ...settled, leaf }).kind).toBe('issueLeaf');
  });

  it('makes a new authority when a third of its time is left, beside the old one', () => {
    const old = authority('A', 244);
    const facts = { ...settled, signer: old, authorities: [old], publication: published([old]) };
    expect(decideRotation(now, facts).kind).toBe('issueAuthority');
  });

  it('serves a certificate of a new authority only after API servers had time to learn of it', () => {
    const b = authority('B', 0);
    const facts = { ...settled, signer: b, authorities: [b, a] };
    expect(decideRotation(now, facts)).toMatchObject({ kind: 'publish', fingerprints: ['B', 'A'] });
    const fresh = { ...facts, publication: published([b, a], now) };
    expect(decideRotation(now, fresh)).toEqual({ kind: 'wait', untilMilliseconds: now + SETTLING_MILLISECONDS });
    expect(decideRotation(now + SETTLING_MILLISECONDS, fresh).kind).toBe('issueLeaf');
  });

  it('goes on trusting what is trusted until it expires, even if our Secrets were lost', () => {
    const b = authority('B', 0);
    const facts = { signer: b, authorities: [b], leaf: undefined, publication: published([a]) };
    expect(decideRotation(now, facts)).toMatchObject({ kind: 'publish', fingerprints: ['B', 'A'] });
  });

  it('publishes again when one of several webhooks lost its authorities', () => {
    const facts = { ...settled, publication: { ...published([a]), everywhere: [] } };
    expect(decideRotation(now, facts)).toMatchObject({ kind: 'publish', fingerprints: ['A'] });
  });

  it('ends trust in an authority that has expired', () => {
    const expired = authority('OLD', 366);
    const publication = { ...published([a]), everywhere: ['A', 'OLD'] };
    const facts = { ...settled, authorities: [a, expired], publication };
    expect(decideRotation(now, facts)).toMatchObject({ kind: 'publish', fingerprints: ['A'] });
  });
});

/** A cluster in which decisions are carried out at once, or lost. */
class World {
  readonly #authorities: AuthorityFacts[] = [];
  #leaf: LeafFacts | undefined;
  #publication: { readonly fingerprints: readonly string[]; readonly at: number } = { fingerprints: [], at: -Infinity };
  #count = 0;

  facts(): CertificateFacts {
    const trusted = this.#authorities.filter((one) => this.#publication.fingerprints.includes(one.fingerprint));
    return {
      signer: this.#authorities[0],
      authorities: this.#authorities,
      leaf: this.#leaf,
      publication: { ...published(trusted), publishedAtMilliseconds: this.#publication.at },
    };
  }

  carryOut(decision: CertificateDecision, at: number): void {
    const lifetime = decision.kind === 'issueAuthority' ? AUTHORITY_LIFETIME_MILLISECONDS : LEAF_LIFETIME_MILLISECONDS;
    const validity = { notBeforeMilliseconds: at, notAfterMilliseconds: at + lifetime };
    if (decision.kind === 'publish') this.#publication = { fingerprints: decision.fingerprints, at };
    if (decision.kind === 'issueAuthority') {
      this.#count += 1;
      this.#authorities.unshift({ ...validity, fingerprint: String(this.#count) });
    }
    if (decision.kind === 'issueLeaf') {
      this.#leaf = { ...validity, issuer: this.#authorities[0]?.fingerprint, coversNames: true };
    }
  }
}

describe('properties of the rotation', () => {
  it('serves a valid, trusted certificate at every time for years, whatever writes are lost', () => {
    const lostSteps = fc.infiniteStream(fc.boolean());
    fc.assert(
      fc.property(lostSteps, fc.integer({ min: 1, max: 7 }), (lost, daysBetween) => {
        const world = new World();
        for (let step = 0; step < 4; step += 1) world.carryOut(decideRotation(now, world.facts()), now);
        for (let at = now; at < now + 3 * 365 * DAY; at += daysBetween * DAY) {
          for (let step = 0; step < 5; step += 1) {
            const { leaf, publication, authorities } = world.facts();
            const issuer = authorities.find((one) => one.fingerprint === leaf?.issuer);
            expect(leaf?.notAfterMilliseconds).toBeGreaterThan(at);
            expect(issuer?.notAfterMilliseconds).toBeGreaterThan(at);
            expect(publication?.everywhere).toContain(leaf?.issuer);
            const decision = decideRotation(at, world.facts());
            // The first step of a day may be lost; the last goes through, or the certificate would run out one day.
            if (step > 0 || lost.next().value === false) world.carryOut(decision, at);
          }
        }
      }),
      { numRuns: 10 },
    );
  }, 30_000);
});
