/** Degree of the polynomials that restic cuts files by: the largest prime below 64 - 8 (restic/chunker, polynomials.go). */
const DEGREE = 53;

const HIGHEST_BIT = 1n << BigInt(DEGREE);

/** How many bytes one candidate is made of. */
const CANDIDATE_BYTES = 8;

const degreeOf = (polynomial: bigint): number => polynomial.toString(2).length - 1;

/** The remainder of a division of polynomials over GF(2), whose bits are their coefficients. */
function remainder(dividend: bigint, divisor: bigint): bigint {
  const degree = degreeOf(divisor);
  let rest = dividend;
  while (rest !== 0n && degreeOf(rest) >= degree) rest ^= divisor << BigInt(degreeOf(rest) - degree);
  return rest;
}

function greatestCommonDivisor(one: bigint, other: bigint): bigint {
  return other === 0n ? one : greatestCommonDivisor(other, remainder(one, other));
}

/** The square modulo another polynomial: over GF(2), the bits moved to the even places. */
function squareModulo(polynomial: bigint, modulus: bigint): bigint {
  const spread = Array.from(polynomial.toString(2)).join('0');
  return remainder(BigInt(`0b${spread}`), modulus);
}

/**
 * Whether a polynomial over GF(2) has no factors, by Ben-Or's test: it has none in common with x^(2^i) - x, for any i up to
 * half of its degree.
 */
export function isIrreducible(polynomial: bigint): boolean {
  let power = 2n;
  for (let i = 1; i <= Math.floor(degreeOf(polynomial) / 2); i += 1) {
    power = squareModulo(power, polynomial);
    if (greatestCommonDivisor(polynomial, power ^ 2n) !== 1n) return false;
  }
  return true;
}

/**
 * The first irreducible polynomial of degree 53 in a stream of random bytes; about one candidate in 27 is one.
 *
 * @returns the coefficients in hexadecimal, as restic writes them into a repository's config.
 * @throws RangeError when the stream holds none: with 8,000 bytes, less than once in 10^16 streams.
 */
export function chunkerPolynomial(randomBytes: Uint8Array): string {
  const bytes = Buffer.from(randomBytes);
  for (let offset = 0; offset + CANDIDATE_BYTES <= bytes.length; offset += CANDIDATE_BYTES) {
    const candidate = (bytes.readBigUInt64LE(offset) & (HIGHEST_BIT - 1n)) | HIGHEST_BIT | 1n;
    if (isIrreducible(candidate)) return candidate.toString(16);
  }
  throw new RangeError(`no irreducible polynomial in ${bytes.length} random bytes`);
}
