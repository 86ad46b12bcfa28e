import fc from 'fast-check';
import { commands } from './testing/commands.ts';
import { beginning, watch } from './testing/story.ts';
const [runs = 300, seed = 1, ...only] = process.argv.slice(2).map(Number);
const found = new Map<string, { n: number; value: unknown }>();
const t = performance.now();
const arb = fc.tuple(beginning, commands(40));
for (const [start, happenings] of fc.sample(arb, { numRuns: runs, seed })) {
  const violations = await watch(start, happenings);
  for (const v of violations) {
    const key = v.invariant + ' ' + v.message.replace(/[0-9a-f]{64}/g, 'ID').replace(/\d+/g, 'N');
    const e = found.get(key);
    if (e) e.n++; else found.set(key, { n: 1, value: undefined });
  }
}
console.log(Math.round(performance.now() - t), 'ms');
for (const [k, e] of [...found].sort()) console.log(e.n, k);
if (only.length) {
  const details = await fc.check(fc.asyncProperty(beginning, commands(40), async (start, happenings) => {
    const violations = await watch(start, happenings);
    return !violations.some((v) => only.includes(v.invariant));
  }), { numRuns: runs, seed, interruptAfterTimeLimit: 200_000 });
  console.log(details.failed, details.numRuns, details.numShrinks);
  for (const c of details.counterexample?.[1] ?? []) console.log(JSON.stringify(c));
  console.log(JSON.stringify(details.counterexample?.[0]));
  if (details.counterexample) console.log(await watch(...details.counterexample));
}
process.exit(0);
