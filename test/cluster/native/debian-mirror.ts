import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const aptFolder = '/etc/apt';
const defaultMirror = 'http://deb.debian.org/debian';

/** The text of all of this machine's apt sources. */
function aptSources(): string {
  const parts = join(aptFolder, 'sources.list.d');
  const files = [
    join(aptFolder, 'sources.list'),
    ...(existsSync(parts) ? readdirSync(parts).map((name) => join(parts, name)) : []),
  ];
  return files
    .filter((file) => /\.(list|sources)$/.test(file) && existsSync(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n');
}

/**
 * Finds the mirror of Debian's main archive in the text of apt sources, in either format (sources.list(5)).
 * The security archive and other vendors' archives don't hold a whole system and are passed over.
 */
export function findMirror(sources: string): string | undefined {
  const lines = sources.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  const urls = lines.flatMap((line) => {
    if (!/^\s*(deb\s|URIs:)/.test(line)) return [];
    return line.match(/https?:\/\/\S+/g) ?? [];
  });
  return urls.map((url) => url.replace(/\/$/, '')).find((url) => url.endsWith('/debian'));
}

/** The Debian mirror that this machine is set up to use, or Debian's own where it is not a Debian machine. */
export function debianMirror(): string {
  return findMirror(aptSources()) ?? defaultMirror;
}
