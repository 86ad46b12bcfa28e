import { describe, expect, it } from 'vitest';

import { compareInvariants } from './compare.ts';

const document = `# Invariants

## 1. The first

Text. Tests: [a](../src/a.test.ts)

## 2. The second

No test yet.
`;

/** A file with one test, whose name begins with these numbers if any. */
const file = (path: string, numbers?: string) => ({
  path,
  text: `it('${numbers === undefined ? '' : `invariants ${numbers}: `}it holds', () => {});`,
});

describe('the comparison of the list of invariants with the tests', () => {
  it('finds nothing when they agree', () => {
    expect(compareInvariants(document, [file('src/a.test.ts', '1')])).toEqual([]);
  });

  it('finds a number that is not in the list', () => {
    const files = [file('src/a.test.ts', '1'), file('b.test.ts', '1 and 3')];
    expect(compareInvariants(document, files)).toEqual(['b.test.ts names invariant 3: unknown']);
  });

  it('finds an invariant without a test, and a file that has no test of it', () => {
    expect(compareInvariants(document, [file('src/a.test.ts')])).toEqual([
      'invariant 1 has no test',
      'invariant 1 names src/a.test.ts, which has no test of it',
    ]);
  });

  it('finds an invariant that is said to have no test and has one', () => {
    const files = [file('src/a.test.ts', '1, 2')];
    expect(compareInvariants(document, files)).toEqual(['invariant 2 says "No test yet." and has tests']);
  });

  it('finds an invariant that does not say where its tests are, and one out of order', () => {
    const wrong = document.replace('[a](../src/a.test.ts)', 'somewhere').replace('## 2.', '## 7.');
    expect(compareInvariants(wrong, [file('src/a.test.ts', '1')])).toEqual([
      'invariant 1 does not say where its tests are',
      'section 2 is not numbered 2',
    ]);
  });
});
