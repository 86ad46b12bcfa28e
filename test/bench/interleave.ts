/** One way of doing the measured thing. */
export interface Variant<Sample> {
  readonly name: string;
  /** Does it once. */
  readonly run: (repetition: number) => Promise<Sample>;
}

/**
 * Runs A B C A B C ...: what changes on the machine meanwhile hits all variants alike.
 * @returns the samples of each variant, in the order they were taken.
 */
export async function interleave<Sample>(
  variants: readonly Variant<Sample>[],
  repetitions: number,
): Promise<ReadonlyMap<string, readonly Sample[]>> {
  const samples = new Map<string, Sample[]>(variants.map(({ name }) => [name, []]));
  for (let repetition = 1; repetition <= repetitions; repetition += 1) {
    for (const { name, run } of variants) samples.get(name)?.push(await run(repetition));
  }
  return samples;
}
