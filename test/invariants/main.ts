/** Compares docs/invariants.md with the names of all tests: `node test/invariants/main.ts`. Exits 1 when they differ. */
import { globSync, readFileSync } from 'node:fs';

import { compareInvariants } from './compare.ts';

const paths = globSync(['src/**/*.test.ts', 'test/**/*.test.ts']);
const files = paths.map((path) => ({ path, text: readFileSync(path, 'utf8') }));
const differences = compareInvariants(readFileSync('docs/invariants.md', 'utf8'), files);
for (const difference of differences) console.error(difference);
process.exitCode = differences.length === 0 ? 0 : 1;
