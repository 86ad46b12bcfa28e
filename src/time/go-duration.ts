// time.Duration.String of Go, as metav1.Duration writes it: `1h2m3.5s`, `250ms`.
const whole = /^(?:\d+(?:\.\d+)?(?:h|ms|m|s|µs|us|ns))+$/;
const part = /(\d+(?:\.\d+)?)(h|ms|m|s|µs|us|ns)/g;

const unitMilliseconds: Readonly<Record<string, number>> = {
  h: 3_600_000,
  m: 60_000,
  s: 1_000,
  ms: 1,
  µs: 1e-3,
  us: 1e-3,
  ns: 1e-6,
};

/** Milliseconds of a duration as Go writes it; undefined where the text is none, or negative. */
export function parseGoDuration(text: string): number | undefined {
  if (!whole.test(text)) return undefined;
  return [...text.matchAll(part)].reduce(
    (sum, [, number, unit = '']) => sum + Number(number) * (unitMilliseconds[unit] ?? 0),
    0,
  );
}
