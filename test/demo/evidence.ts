/** What an application's data amounts to, as measured inside its pod: the name of each measure and its value. */
export type Evidence = Readonly<Record<string, string>>;

/** Says in what the data that came back differs from the data that was lost; empty when in nothing. */
export function differences(lost: Evidence, back: Evidence): readonly string[] {
  const names = [...new Set([...Object.keys(lost), ...Object.keys(back)])];
  return names
    .filter((name) => lost[name] !== back[name])
    .map((name) => `${name}: was ${lost[name] ?? 'not measured'}, is now ${back[name] ?? 'not measured'}`);
}

/**
 * Reads lines `name=value`, as commands in a pod print them.
 * @throws RangeError when a line has another form, or a wanted name is missing or has no value.
 */
export function parseEvidence(output: string, wanted: readonly string[]): Evidence {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  const pairs = lines.map((line): [string, string] => {
    const at = line.indexOf('=');
    if (at < 1) throw new RangeError(`"${line}" is not of the form name=value`);
    return [line.slice(0, at).trim(), line.slice(at + 1).trim()];
  });
  const evidence = Object.fromEntries(pairs);
  const missing = wanted.filter((name) => (evidence[name] ?? '') === '');
  if (missing.length > 0) throw new RangeError(`not measured: ${missing.join(', ')}`);
  return evidence;
}
