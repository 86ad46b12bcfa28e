/** A file with tests: its path from the project's folder, and its text. */
export interface TestFile {
  readonly path: string;
  readonly text: string;
}

/** One section of docs/invariants.md. */
interface Invariant {
  readonly number: number;
  readonly hasNoTestYet: boolean;
  /** Paths from the project's folder. */
  readonly testFiles: readonly string[];
}

/** The number at the head of a section, such as `## 2. Unknown is never none`. */
const section = /^## (\d+)\. (.*)$/m;

/** A name that begins with numbers: `invariant 2: …`, `invariants 1, 2 and 10: …`. */
const testName = /['"`]invariants? (\d+(?:(?:, | and )\d+)*): /g;

/** What docs/invariants.md lists. Links are relative to docs. */
function listedInvariants(document: string): readonly Invariant[] {
  return document
    .split(/^(?=## )/m)
    .slice(1)
    .map((text) => ({
      number: Number(section.exec(text)?.[1]),
      hasNoTestYet: /^No test yet\.$/m.test(text),
      testFiles: [...text.matchAll(/\]\(\.\.\/([^)]+\.test\.ts)\)/g)].map(([, path = '']) => path),
    }));
}

/** The numbers of the invariants that the tests of a file defend, by their names. */
function defended({ text }: TestFile): ReadonlySet<number> {
  const numbers = [...text.matchAll(testName)].flatMap(([, list = '']) => list.split(/, | and /));
  return new Set(numbers.map(Number));
}

/** The differences between docs/invariants.md and the names of the tests, one sentence each; none when they agree. */
export function compareInvariants(document: string, files: readonly TestFile[]): readonly string[] {
  const listed = listedInvariants(document);
  const byPath = new Map(files.map((file) => [file.path, defended(file)]));
  const hasTest = (number: number): boolean => [...byPath.values()].some((numbers) => numbers.has(number));
  return [
    ...unknownNumbers(listed, byPath),
    ...listed.flatMap((invariant, index) => [
      ...(invariant.number === index + 1 ? [] : [`section ${index + 1} is not numbered ${index + 1}`]),
      ...disagreements(invariant, hasTest(invariant.number)),
      ...invariant.testFiles
        .filter((path) => byPath.get(path)?.has(invariant.number) !== true)
        .map((path) => `invariant ${invariant.number} names ${path}, which has no test of it`),
    ]),
  ];
}

function unknownNumbers(
  listed: readonly Invariant[],
  byPath: ReadonlyMap<string, ReadonlySet<number>>,
): readonly string[] {
  const known = new Set(listed.map(({ number }) => number));
  return [...byPath].flatMap(([path, numbers]) =>
    [...numbers].filter((number) => !known.has(number)).map((number) => `${path} names invariant ${number}: unknown`),
  );
}

function disagreements({ number, hasNoTestYet, testFiles }: Invariant, hasTest: boolean): readonly string[] {
  if (hasTest && hasNoTestYet) return [`invariant ${number} says "No test yet." and has tests`];
  if (!hasTest && !hasNoTestYet) return [`invariant ${number} has no test`];
  if (hasTest && testFiles.length === 0) return [`invariant ${number} does not say where its tests are`];
  return [];
}
