import fc from 'fast-check';

/** One of some values; one that is given twice comes twice as often. */
export const one = <const T extends string | number>(...values: readonly T[]): fc.Arbitrary<T> =>
  fc.constantFrom(...values);

/** What people do: how often compared with each other, and how. */
type Acts<Name extends string> = Readonly<Record<Name, readonly [number, unknown]>>;

/** The names of acts, each as often as it happens. */
export function weighted<Name extends string>(acts: Acts<Name>): readonly Name[] {
  const isName = (name: string): name is Name => name in acts;
  return Object.keys(acts)
    .filter(isName)
    .flatMap((name) => Array.from({ length: acts[name][0] }, () => name));
}
