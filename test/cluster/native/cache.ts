import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, relative } from 'node:path';

import type { Report } from '../provider.ts';
import { withLock } from './lock.ts';

const keptEntriesPerPart = 2;
const buildTimeoutSeconds = 30 * 60;

/** Where built binaries and images are kept, outside the work tree. */
export function cacheFolder(): string {
  return join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'rebound');
}

/** What one cache entry is made of. Any change of `madeOf` makes a new entry. */
export interface CachePart {
  readonly name: string;
  /** Versions, flags, hashes: anything that the result depends on. */
  readonly madeOf: readonly string[];
}

/** Where the entry is or would be. */
export function entryPath(part: CachePart): string {
  const hash = createHash('sha256').update(JSON.stringify(part.madeOf)).digest('hex').slice(0, 16);
  return join(cacheFolder(), `${part.name}-${hash}`);
}

/**
 * Returns the folder of a cache entry, after building it if it is missing. `build` fills an empty folder beside
 * it, which is renamed when complete: an interrupted build leaves no half entry. One build runs at a time, over all processes.
 */
export async function cached(
  part: CachePart,
  build: (folder: string) => Promise<void>,
  report: Report,
): Promise<string> {
  const path = entryPath(part);
  if (existsSync(path)) {
    markUsed(path);
    return path;
  }
  mkdirSync(cacheFolder(), { recursive: true });
  const onWait = (pid: number): void => report(`${part.name}: waiting for process ${pid}, which builds it`);
  const lock = join(cacheFolder(), `.lock-${part.name}`);
  return withLock(lock, { timeoutSeconds: buildTimeoutSeconds, onWait }, async () => {
    if (existsSync(path)) return path;
    const partial = join(cacheFolder(), `.partial-${part.name}`);
    rmSync(partial, { recursive: true, force: true });
    mkdirSync(partial);
    await build(partial);
    renameSync(partial, path);
    prune(part.name);
    return path;
  });
}

function markUsed(path: string): void {
  const now = new Date();
  utimesSync(path, now, now);
}

/** Keeps the most recently used entries of a part. */
function prune(name: string): void {
  const entries = readdirSync(cacheFolder())
    .filter((entry) => entry.startsWith(`${name}-`) && /^[0-9a-f]{16}$/.test(entry.slice(name.length + 1)))
    .map((entry) => join(cacheFolder(), entry))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs);
  for (const old of entries.slice(keptEntriesPerPart)) rmSync(old, { recursive: true, force: true });
}

/** A hash over names and contents of all files below a folder. */
export function hashFolder(folder: string): string {
  const hash = createHash('sha256');
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  for (const file of files) hash.update(relative(folder, file)).update('\0').update(readFileSync(file)).update('\0');
  return hash.digest('hex');
}
