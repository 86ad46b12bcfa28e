import { z } from 'zod';

/** As many names as a message can hold are enough to tell what is wrong. */
const MOST_NAMES = 3;
const MOST_ATTRIBUTES = 8;
/** A termination message has 4096 bytes (Kubernetes, TerminationMessagePath), and a letter may take twelve in JSON. */
const LONGEST_NAME = 40;

const count = z.int().min(0);

/** How often something was found, and the first names of it, shortened. */
const tally = z.object({ count, first: z.array(z.string()).max(MOST_NAMES) });

/** What a restore's proof has found in the volume, held against the snapshot. */
export const restoreRecord = z.object({
  snapshotId: z.string().regex(/^[0-9a-f]{64}$/),
  /** Of the snapshot: files, directories and all else. */
  entries: count,
  /** Of the snapshot's files. */
  sizeBytes: count,
  /** In the snapshot, and not on the volume. */
  missing: tally,
  /** On the volume, and not in the snapshot. */
  added: tally,
  /** Of another type or size than in the snapshot, or pointing elsewhere. */
  differing: tally,
  /** What came back without its owner, mode, mtime, link or an extended attribute. */
  attributesNotRestored: z.array(tally.extend({ attribute: z.string() })).max(MOST_ATTRIBUTES),
  /** Kinds of attributes beyond those. */
  furtherAttributes: count,
  /** Whether the volume's own top folder is as it was: `unknown` where no record says how that was. */
  topFolder: z.enum(['restored', 'unknown']),
});

export type RestoreRecord = z.infer<typeof restoreRecord>;
export type Tally = z.infer<typeof tally>;

const nothing: Tally = { count: 0, first: [] };

function shortened(name: string): string {
  const letters = Array.from(name.replaceAll(/\p{C}/gu, '?'));
  return letters.length <= LONGEST_NAME ? letters.join('') : `…${letters.slice(1 - LONGEST_NAME).join('')}`;
}

/** Counts what a comparison finds, however much it is, in little memory. */
export class RestoreFindings {
  #entries = 0;
  #sizeBytes = 0;
  #missing = nothing;
  #added = nothing;
  #differing = nothing;
  readonly #attributes = new Map<string, Tally>();

  seen(sizeBytes: number): void {
    this.#entries += 1;
    this.#sizeBytes += sizeBytes;
  }

  missing(path: string): void {
    this.#missing = counted(this.#missing, path);
  }

  added(path: string): void {
    this.#added = counted(this.#added, path);
  }

  /** @param how a clause. */
  differs(path: string, how: string): void {
    this.#differing = counted(this.#differing, path, `: ${how}`);
  }

  lacksAttribute(path: string, attribute: string): void {
    this.#attributes.set(attribute, counted(this.#attributes.get(attribute) ?? nothing, path));
  }

  /** What was found, within what a termination message can hold: the attributes that most entries lack. */
  record(snapshotId: string, topFolder: RestoreRecord['topFolder']): RestoreRecord {
    const attributes = [...this.#attributes]
      .map(([attribute, found]) => ({ attribute: shortened(attribute), ...found }))
      .toSorted((a, b) => b.count - a.count);
    return {
      snapshotId,
      entries: this.#entries,
      sizeBytes: this.#sizeBytes,
      missing: this.#missing,
      added: this.#added,
      differing: this.#differing,
      attributesNotRestored: attributes.slice(0, MOST_ATTRIBUTES),
      furtherAttributes: Math.max(0, attributes.length - MOST_ATTRIBUTES),
      topFolder,
    };
  }
}

/** A termination message's bytes. */
const MESSAGE_BYTES = 4096;

const withNames = (record: RestoreRecord, most: number): RestoreRecord => {
  const cut = <T extends Tally>(one: T): T => ({ ...one, first: one.first.slice(0, most) });
  const { missing, added, differing, attributesNotRestored } = record;
  return {
    ...record,
    missing: cut(missing),
    added: cut(added),
    differing: cut(differing),
    attributesNotRestored: attributesNotRestored.map(cut),
  };
};

/** A record as a termination message: with as many names as fit into one. */
export function restoreMessage(record: RestoreRecord): string {
  const messages = [MOST_NAMES, 1, 0].map((most) => JSON.stringify(withNames(record, most)));
  return messages.find((message) => Buffer.byteLength(message) <= MESSAGE_BYTES) ?? '';
}

const counted = ({ count: before, first }: Tally, path: string, more = ''): Tally => ({
  count: before + 1,
  first: first.length < MOST_NAMES ? [...first, `${shortened(path)}${more}`] : first,
});

/** Whether names, types and sizes are all those of the snapshot. */
export const isWholeRestore = ({ missing, added, differing }: RestoreRecord): boolean =>
  missing.count + added.count + differing.count === 0;
