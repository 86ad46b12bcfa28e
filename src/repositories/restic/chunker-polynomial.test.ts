import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { chunkerPolynomial, isIrreducible } from './chunker-polynomial.ts';
import fixture from './restic-0.18.fixture.json' with { type: 'json' };
import { readSealedJson } from './stored-file.ts';

/** The product of two polynomials over GF(2). */
const product = (one: bigint, other: bigint): bigint =>
  Array.from(other.toString(2)).reduce((sum, bit) => (sum << 1n) ^ (bit === '1' ? one : 0n), 0n);

const streamOf = (seed: number): Buffer =>
  Buffer.concat(Array.from({ length: 125 }, (_, n) => createHash('sha256').update(`${seed}/${n}`).digest()));

describe('isIrreducible', () => {
  it('tells all polynomials up to degree 10 as trying every factor does', () => {
    const composite = new Set<bigint>();
    for (let one = 2n; one < 1n << 9n; one += 1n) {
      for (let other = 2n; other < 1n << 9n; other += 1n) composite.add(product(one, other));
    }
    for (let polynomial = 2n; polynomial < 1n << 10n; polynomial += 1n) {
      expect([polynomial, isIrreducible(polynomial)]).toEqual([polynomial, !composite.has(polynomial)]);
    }
  });

  it('accepts those that restic has chosen, and no neighbour that is a product', () => {
    for (const { masterKey, config } of fixture.repositories) {
      const bytesOf = (text: string): Buffer => Buffer.from(text, 'base64');
      const { encrypt, mac } = masterKey;
      const key = { encrypt: bytesOf(encrypt), macK: bytesOf(mac.k), macR: bytesOf(mac.r) };
      const file = readSealedJson(key, bytesOf(config));
      const parsed = z.object({ chunker_polynomial: z.string() }).safeParse(file.kind === 'json' ? file.value : {});
      const polynomial = BigInt(`0x${parsed.data?.chunker_polynomial ?? '0'}`);
      expect(isIrreducible(polynomial)).toBe(true);
      expect(isIrreducible(polynomial ^ 1n)).toBe(false);
    }
  });
});

describe('chunkerPolynomial', () => {
  it('finds one of degree 53 in every stream, the same each time', () => {
    for (let seed = 0; seed < 20; seed += 1) {
      const found = chunkerPolynomial(streamOf(seed));
      expect(chunkerPolynomial(streamOf(seed))).toBe(found);
      expect(BigInt(`0x${found}`).toString(2)).toHaveLength(54);
      expect(isIrreducible(BigInt(`0x${found}`))).toBe(true);
    }
  });

  it('says so when a stream holds none', () => {
    expect(() => chunkerPolynomial(new Uint8Array(80))).toThrow(RangeError);
  });
});
