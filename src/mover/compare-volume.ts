import { readdirSync } from 'node:fs';
import { NATURAL_NAMES } from '../domain/look-report.ts';
import { RestoreFindings } from '../domain/restore-record.ts';
import type { SnapshotTree } from '../repositories/restic/snapshot-tree.ts';
import type { Read, TreeStop } from '../repositories/restic/tree-reading.ts';
import { compareEntry } from './compare-entry.ts';
import type { Libc } from './libc.ts';
import { type SnapshotEntry, snapshotEntry } from './snapshot-entry.ts';
import { readEntry, type VolumeEntry } from './volume-entry.ts';

const CONCURRENT_READS = 8;
const SLASH = Buffer.from('/');

/** A name as a key: every byte is one letter. */
const keyOf = (name: Buffer): string => name.toString('latin1');

interface Folder {
  /** On the volume. */
  readonly path: Buffer;
  /** Below the volume's top; empty for the top. */
  readonly name: string;
  readonly treeId: string;
}

class Comparison {
  readonly #libc: Libc;
  readonly #tree: SnapshotTree;
  readonly #findings = new RestoreFindings();
  readonly #waiting: Folder[] = [];
  /** Files of several names: the volume's file that has the first of them. */
  readonly #shared = new Map<string, bigint>();

  constructor(libc: Libc, tree: SnapshotTree) {
    this.#libc = libc;
    this.#tree = tree;
  }

  async run(top: Buffer): Promise<Read<RestoreFindings>> {
    this.#waiting.push({ path: top, name: '', treeId: this.#tree.snapshot.treeId });
    // The last first: so many wait as a branch of the tree is wide, not as all of it.
    while (this.#waiting.length > 0) {
      const stop = await this.#compareNext();
      if (stop !== undefined) return { ok: false, stop };
    }
    return { ok: true, value: this.#findings };
  }

  async #compareNext(): Promise<TreeStop | undefined> {
    const batch = this.#waiting.splice(-CONCURRENT_READS);
    const readings = await Promise.all(batch.map(({ treeId }) => this.#tree.readDirectory(treeId)));
    for (const [index, reading] of readings.entries()) {
      const folder = batch[index];
      if (!reading.ok) return reading.stop;
      if (folder === undefined) continue;
      const entries = reading.value.map(snapshotEntry);
      const understood = entries.filter((entry) => entry !== undefined);
      if (understood.length < entries.length) {
        return { kind: 'unknown', message: `a name in tree ${folder.treeId} is not one that restic writes` };
      }
      this.#compareFolder(folder, understood);
    }
    return undefined;
  }

  #compareFolder(folder: Folder, entries: readonly SnapshotEntry[]): void {
    const isSkipped = (name: string): boolean => folder.name === '' && NATURAL_NAMES.includes(name);
    const stored = new Set(entries.map(({ name }) => keyOf(name)));
    for (const name of readdirSync(folder.path, { encoding: 'buffer' })) {
      const key = keyOf(name);
      if (!stored.has(key) && !isSkipped(key)) this.#findings.added(below(folder, name));
    }
    for (const entry of entries) if (!isSkipped(keyOf(entry.name))) this.#compareOne(folder, entry);
  }

  #compareOne(folder: Folder, entry: SnapshotEntry): void {
    const name = below(folder, entry.name);
    const path = Buffer.concat([folder.path, SLASH, entry.name]);
    this.#findings.seen(entry.type === 'file' ? Number(entry.sizeBytes) : 0);
    const there = readEntry(this.#libc, path);
    if (there === undefined) {
      this.#findings.missing(name);
      return;
    }
    const { content, attributes } = compareEntry(entry, there);
    if (content !== undefined) {
      this.#findings.differs(name, content);
      return;
    }
    for (const attribute of attributes) this.#findings.lacksAttribute(name, attribute);
    if (!this.#isLinkedAsBefore(entry, there)) this.#findings.lacksAttribute(name, 'hard link');
    if (entry.treeId !== undefined) this.#waiting.push({ path, name, treeId: entry.treeId });
  }

  #isLinkedAsBefore({ sharedFile }: SnapshotEntry, { inode }: VolumeEntry): boolean {
    if (sharedFile === undefined) return true;
    const first = this.#shared.get(sharedFile) ?? inode;
    this.#shared.set(sharedFile, first);
    return first === inode;
  }
}

const below = ({ name }: Folder, child: Buffer): string => {
  const text = child.toString('utf8');
  return name === '' ? text : `${name}/${text}`;
};

/**
 * Holds a volume against a snapshot: every name, type, size, owner, mode, time, link and extended attribute. Blocks while it reads the
 * volume: for a process that does one thing.
 *
 * @returns what differs; a stop where the snapshot's trees can't be read to the end.
 * @throws where the volume can't be read.
 */
export async function compareVolume(
  libc: Libc,
  tree: SnapshotTree,
  volumePath: string,
): Promise<Read<RestoreFindings>> {
  return await new Comparison(libc, tree).run(Buffer.from(volumePath));
}
