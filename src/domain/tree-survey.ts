import type { EntriesFound, TreeFacts, TreeOwner } from '../api/restore-foresight.ts';

/** What a snapshot's tree says of one file, folder or other. */
export interface TreeEntry {
  /** From the top of the volume, as the engine quotes it. */
  readonly path: string;
  /** As restic names it: `file`, `dir`, `symlink`, `dev`, `chardev`, `fifo`, `socket` … */
  readonly type: string;
  readonly uid: number;
  readonly gid: number;
  /** Names of its extended attributes. */
  readonly attributes: readonly string[];
}

const MAXIMUM_EXAMPLES = 2;
const MAXIMUM_OWNERS = 8;
const PATH_CHARACTERS = 60;

const deviceTypes: ReadonlySet<string> = new Set(['dev', 'chardev']);

// What a restore misses nothing by: VolSync asks restic for `user.*` (mover-restic/entry.sh, v0.14); a node labels files of new
// volumes for SELinux by itself; and NFS 4 shows the mode of every file as an ACL too.
const isKept = (name: string): boolean =>
  name.startsWith('user.') || name === 'security.selinux' || name === 'system.nfs4_acl';

type Loss = 'acls' | 'capabilities' | 'otherAttributes';

function lossOf(attribute: string): Loss | undefined {
  if (isKept(attribute)) return undefined;
  if (attribute.startsWith('system.posix_acl_')) return 'acls';
  return attribute === 'security.capability' ? 'capabilities' : 'otherAttributes';
}

const shortened = (path: string): string =>
  path.length <= PATH_CHARACTERS ? path : `…${path.slice(path.length - PATH_CHARACTERS + 1)}`;

const isAtTop = (path: string): boolean => !path.includes('/');

/** Whether an attribute can be set only by who administers the node (xattr(7)). */
const isTrusted = (name: string): boolean => name.startsWith('trusted.');

/** Some entries, counted; what is kept of them does not grow with their number. */
class Found {
  #entries = 0;
  readonly #examples: string[] = [];

  note(path: string): void {
    this.#entries += 1;
    if (this.#examples.length < MAXIMUM_EXAMPLES) this.#examples.push(shortened(path));
  }

  get found(): EntriesFound | undefined {
    return this.#entries === 0 ? undefined : { entries: this.#entries, examples: this.#examples };
  }
}

interface OwnerCount {
  readonly uid: number;
  readonly gid: number;
  readonly files: Found;
}

/** Gathers, entry by entry, what there is in a tree that a restore may not bring back as it was. */
export class TreeSurvey {
  #entries = 0;
  readonly #owners = new Map<string, OwnerCount>();
  readonly #topOwners = new Set<string>();
  readonly #devices = new Found();
  readonly #trusted = new Found();
  readonly #losses: Readonly<Record<Loss, Found>> = {
    acls: new Found(),
    capabilities: new Found(),
    otherAttributes: new Found(),
  };

  note({ path, type, uid, gid, attributes }: TreeEntry): void {
    this.#entries += 1;
    const owner = `${uid}:${gid}`;
    if (isAtTop(path)) this.#topOwners.add(owner);
    const count = this.#owners.get(owner) ?? { uid, gid, files: new Found() };
    this.#owners.set(owner, count);
    count.files.note(path);
    if (deviceTypes.has(type)) this.#devices.note(path);
    if (attributes.some(isTrusted)) this.#trusted.note(path);
    for (const loss of new Set(attributes.map(lossOf))) if (loss !== undefined) this.#losses[loss].note(path);
  }

  /** What was gathered. `whole` says whether there was nothing but what was noted. */
  facts(whole: boolean): TreeFacts {
    const owners = this.#ownersByCount();
    const further = owners.slice(MAXIMUM_OWNERS).reduce((sum, { entries }) => sum + entries, 0);
    const [topOwner] = this.#topOwners.size === 1 ? this.#topOwners : [];
    const { uid, gid } = this.#owners.get(topOwner ?? '') ?? {};
    return present({
      entries: this.#entries,
      whole,
      owners: owners.slice(0, MAXIMUM_OWNERS),
      furtherOwners: further === 0 ? undefined : further,
      topOwner: uid === undefined || gid === undefined ? undefined : { uid, gid },
      devices: this.#devices.found,
      acls: this.#losses.acls.found,
      capabilities: this.#losses.capabilities.found,
      otherAttributes: this.#losses.otherAttributes.found,
      trustedAttributes: this.#trusted.found,
    });
  }

  #ownersByCount(): readonly TreeOwner[] {
    const owners = [...this.#owners.values()].map(({ uid, gid, files }) => ({
      uid,
      gid,
      entries: 0,
      examples: [],
      ...files.found,
    }));
    return owners.sort((a, b) => b.entries - a.entries || a.uid - b.uid || a.gid - b.gid);
  }
}

type Gathered = { readonly [K in keyof TreeFacts]: TreeFacts[K] | undefined };

/** Without what was not found: a status holds no empty fields. */
function present({ entries = 0, whole = false, owners = [], ...found }: Gathered): TreeFacts {
  const there = Object.fromEntries(Object.entries(found).filter(([, value]) => value !== undefined));
  return { entries, whole, owners, ...there };
}
