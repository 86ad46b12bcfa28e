// Grammar and suffixes of k8s.io/apimachinery/pkg/api/resource (quantity.go, suffix.go), v1.34.
const grammar = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)([eE][+-]?\d{1,3}|[KMGTPE]i|[numkMGTPE]|)$/;

const binaryPowers: Readonly<Record<string, number>> = { Ki: 1, Mi: 2, Gi: 3, Ti: 4, Pi: 5, Ei: 6 };
const decimalPowers: Readonly<Record<string, number>> = { n: -9, u: -6, m: -3, k: 3, M: 6, G: 9, T: 12, P: 15, E: 18 };

/** Beyond this many decimal digits nothing is a quantity of anything. */
const LARGEST_POWER = 40;

/**
 * The value of a Kubernetes quantity such as `10Gi`, `1500m` or `1e9`, rounded away from zero to a whole unit as the API
 * server does it (`Quantity.Value()`). For storage the unit is the byte. `E` alone is the suffix for 10^18, `E3` an exponent.
 *
 * @returns undefined where the text is no quantity. Values of more than 53 significant bits lose their last digits.
 */
export function parseQuantity(text: string): number | undefined {
  const [, sign, number = '', suffix = ''] = grammar.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const [whole = '', fraction = ''] = number.split('.');
  const power = powerOfTen(suffix) - fraction.length;
  if (Math.abs(power) > LARGEST_POWER) return undefined;
  const digits = BigInt(`${whole}${fraction}`) * 1024n ** BigInt(binaryPowers[suffix] ?? 0);
  const magnitude = power >= 0 ? digits * 10n ** BigInt(power) : dividedUp(digits, 10n ** BigInt(-power));
  return Number(sign === '-' ? -magnitude : magnitude);
}

const powerOfTen = (suffix: string): number =>
  /\d$/.test(suffix) ? Number(suffix.slice(1)) : (decimalPowers[suffix] ?? 0);

const dividedUp = (dividend: bigint, divisor: bigint): bigint => (dividend + divisor - 1n) / divisor;
