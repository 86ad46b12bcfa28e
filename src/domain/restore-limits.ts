import { MOVER_USER_ANNOTATION } from '../api/labels.ts';
import type { EntriesFound, TreeFacts, TreeOwner } from '../api/restore-foresight.ts';
import type { MoverUser } from '../api/snapshot.ts';

export interface LimitFacts {
  /** Whom the movers run as; empty where nobody says. */
  readonly moverUser: MoverUser;
  /** Whether the namespace allows movers that are root with the right to give files away. */
  readonly privilegedMovers: boolean;
  /** UIDs that the pods which use the claim run as, each once, as far as their specs say. */
  readonly podUIDs: readonly number[];
  /** Absent where it is not known what the snapshot holds. */
  readonly tree?: TreeFacts | undefined;
  /** The movers give all files back to their owners, with their ACLs, capabilities and devices. */
  readonly restoresAllMetadata: boolean;
  /** What the volume's top folder was is recorded beside the snapshot, for movers that bring all back. */
  readonly isTopFolderRecorded: boolean;
}

/** Something that a restore with this engine will foreseeably not bring back. */
export interface RestoreLimit {
  /** One word in CamelCase, for programs. */
  readonly reason:
    | 'RootCannotRestore'
    | 'OwnersLost'
    | 'GroupsLost'
    | 'UsersDiffer'
    | 'TopFolderLost'
    | 'DevicesLost'
    | 'ACLsLost'
    | 'CapabilitiesLost'
    | 'AttributesLost';
  /** What it is, and what a restore makes of it, in whole sentences. */
  readonly message: string;
  /** What to do about it, in a whole sentence. */
  readonly cure: string;
}

type Rule = (facts: LimitFacts) => RestoreLimit | undefined;

interface Mover {
  readonly uid: number;
  /** The groups that it is in while it restores. */
  readonly gids: readonly number[];
}

const ROOT = 0;

/**
 * As whom a mover restores. Without a user VolSync's image is root's; without a group a process has root's; and the volume's
 * top folder is given to a group that the mover gets too, unless it is root.
 */
function moverOf({ runAsUser = ROOT, runAsGroup, fsGroup }: MoverUser): Mover {
  const volumeGroup = fsGroup ?? (runAsUser === ROOT ? undefined : (runAsGroup ?? runAsUser));
  return { uid: runAsUser, gids: [runAsGroup ?? ROOT, ...(volumeGroup === undefined ? [] : [volumeGroup])] };
}

const PRIVILEGED_CURE =
  'Let an administrator put annotation volsync.backube/privileged-movers: "true" on the namespace.';

const userCure = (user: string): string => `Set annotation ${MOVER_USER_ANNOTATION}: "${user}" on the claim.`;

const RESTIC_CURE = 'All of it is in the snapshot: plain restic, run as root, brings it back.';

/** The one owner of everything, if there is only one. */
function onlyOwner({ whole, owners: [owner, other], furtherOwners }: TreeFacts): TreeOwner | undefined {
  return whole && other === undefined && furtherOwners === undefined ? owner : undefined;
}

function ownerCure(tree: TreeFacts): string {
  const only = onlyOwner(tree);
  return only === undefined ? PRIVILEGED_CURE : userCure(`${only.uid}:${only.gid}`);
}

const suchAs = (examples: readonly string[]): string =>
  examples.length === 0 ? '' : `, such as ${examples.slice(0, 2).join(' and ')}`;

/** How many of how many belong to somebody, as the beginning of a sentence. */
function belonging(entries: number, { whole, entries: all }: TreeFacts): string {
  const verb = entries === 1 ? 'belongs' : 'belong';
  return `${entries} of ${whole ? '' : 'the first '}${all} files and folders ${verb} to`;
}

/** Owners of whom something can't be given back to, with how much that is. */
interface Others {
  readonly whose: string;
  readonly found: EntriesFound;
}

function othersIn(
  tree: TreeFacts,
  isLost: (owner: TreeOwner) => boolean,
  idOf: (owner: TreeOwner) => string,
): Others | undefined {
  const others = tree.owners.filter(isLost);
  if (others.length === 0) return undefined;
  const entries = others.reduce((sum, owner) => sum + owner.entries, tree.furtherOwners ?? 0);
  const ids = [...new Set(others.map(idOf))].slice(0, 3);
  const more = others.length > ids.length || tree.furtherOwners !== undefined ? ' and others' : '';
  return {
    whose: `${ids.join(', ')}${more}`,
    found: { entries, examples: others.flatMap(({ examples }) => examples) },
  };
}

const uidAndGid = ({ uid, gid }: TreeOwner): string => `${uid}:${gid}`;

/** A mover that is root but may not give files away stops at the first that is not root's, and tries again for ever. */
const powerlessRoot: Rule = ({ moverUser, privilegedMovers, tree }) => {
  const mover = moverOf(moverUser);
  if (privilegedMovers || mover.uid !== ROOT) return undefined;
  const why =
    moverUser.runAsUser === ROOT
      ? 'The mover runs as root'
      : 'No pod says whom the mover should run as: it runs as root';
  const rightless = `${why}, without the right to give files away`;
  if (tree === undefined) {
    return {
      reason: 'RootCannotRestore',
      message: `${rightless}. Files that do not belong to root can be backed up, but not restored; it is not known whether there are any.`,
      cure: `If there are, set annotation ${MOVER_USER_ANNOTATION} on the claim to the user that they belong to.`,
    };
  }
  const others = othersIn(tree, ({ uid, gid }) => uid !== ROOT || !mover.gids.includes(gid), uidAndGid);
  if (others === undefined) return undefined;
  return {
    reason: 'RootCannotRestore',
    message: `${rightless}. ${belonging(others.found.entries, tree)} ${others.whose}${suchAs(others.found.examples)}: they are backed up, but a restore can't give them back and never ends.`,
    cure: ownerCure(tree),
  };
};

const otherOwners: Rule = ({ moverUser, privilegedMovers, tree }) => {
  const { uid } = moverOf(moverUser);
  if (privilegedMovers || uid === ROOT || tree === undefined) return undefined;
  const others = othersIn(tree, (owner) => owner.uid !== uid, uidAndGid);
  if (others === undefined) return undefined;
  return {
    reason: 'OwnersLost',
    message: `${belonging(others.found.entries, tree)} other users than ${uid} (${others.whose})${suchAs(others.found.examples)}. The mover runs as ${uid}: they come back as ${uid}'s.`,
    cure: ownerCure(tree),
  };
};

const otherGroups: Rule = ({ moverUser, privilegedMovers, tree }) => {
  const { uid, gids } = moverOf(moverUser);
  if (privilegedMovers || uid === ROOT || tree === undefined) return undefined;
  const others = othersIn(
    tree,
    (owner) => owner.uid === uid && !gids.includes(owner.gid),
    ({ gid }) => String(gid),
  );
  if (others === undefined) return undefined;
  return {
    reason: 'GroupsLost',
    message: `${belonging(others.found.entries, tree)} groups that the mover is not in (${others.whose})${suchAs(others.found.examples)}: they come back with another group.`,
    cure: ownerCure(tree),
  };
};

/** Where the tree is known in whole it says itself whose the files are. */
const differingPods: Rule = ({ podUIDs, privilegedMovers, tree }) =>
  privilegedMovers || podUIDs.length < 2 || tree?.whole === true
    ? undefined
    : {
        reason: 'UsersDiffer',
        message: `The pods that use the claim run as different users (${[...podUIDs].sort((a, b) => a - b).join(', ')}), and the mover can be only one of them: files of the others come back as its own.`,
        cure: PRIVILEGED_CURE,
      };

/**
 * restic keeps what is in the folder that it backs up, and not the folder's own owner and mode. A restored volume's top is root's,
 * and writable for the group that it was given to. That matters to an application to which the top had belonged.
 */
const lostTopFolder: Rule = ({ moverUser, privilegedMovers, tree }) => {
  const owner = tree?.topOwner;
  const mover = moverOf(moverUser);
  const isRestorable = privilegedMovers || mover.uid !== ROOT;
  if (owner === undefined || owner.uid === ROOT || moverUser.fsGroup !== undefined || !isRestorable) return undefined;
  return {
    reason: 'TopFolderLost',
    message: `Everything in the volume's top folder belongs to ${owner.uid}, but the folder's own owner and mode are not in this snapshot: it comes back as root's.`,
    cure: `If ${owner.uid} has to own it or write into it, give the pods an fsGroup, or let an init container chown it.`,
  };
};

const lostDevices: Rule = ({ tree }) =>
  tree?.devices === undefined
    ? undefined
    : {
        reason: 'DevicesLost',
        message: `Device nodes, ${tree.devices.entries} of them${suchAs(tree.devices.examples)}: this engine can't make them, and a restore that meets one never ends.`,
        cure: 'Remove them from the volume.',
      };

type Attributes = 'acls' | 'capabilities' | 'otherAttributes' | 'trustedAttributes';

/** What an engine does not ask restic for when it restores, whoever the mover is. */
const lostAttributes =
  (reason: RestoreLimit['reason'], attributes: Attributes, inWords: (where: string) => string): Rule =>
  ({ tree }) => {
    const found = tree?.[attributes];
    if (found === undefined) return undefined;
    const what = found.entries === 1 ? '1 file or folder' : `${found.entries} files and folders`;
    return { reason, message: inWords(`${what}${suchAs(found.examples)}`), cure: RESTIC_CURE };
  };

const rules: readonly Rule[] = [
  powerlessRoot,
  lostDevices,
  otherOwners,
  differingPods,
  otherGroups,
  lostTopFolder,
  lostAttributes(
    'ACLsLost',
    'acls',
    (where) => `ACLs on ${where}: not restored; an ACL's mask becomes the group's mode.`,
  ),
  lostAttributes('CapabilitiesLost', 'capabilities', (where) => `File capabilities of ${where}: not restored.`),
  lostAttributes(
    'AttributesLost',
    'otherAttributes',
    (where) => `Extended attributes other than user.* of ${where}: not restored.`,
  ),
];

/** What movers that bring all else back can't: only who administers a node may set `trusted.*` (xattr(7)). */
const rulesOfAllMetadata: readonly Rule[] = [
  (facts) => (facts.isTopFolderRecorded ? undefined : lostTopFolder({ ...facts, privilegedMovers: true })),
  lostAttributes(
    'AttributesLost',
    'trustedAttributes',
    (where) => `Extended attributes trusted.* of ${where}: not restored.`,
  ),
];

/** Everything that a restore of what was backed up will foreseeably lack, the worst first; empty where it lacks nothing known. */
export const foreseeRestore = (facts: LimitFacts): readonly RestoreLimit[] =>
  (facts.restoresAllMetadata ? rulesOfAllMetadata : rules)
    .map((rule) => rule(facts))
    .filter((limit) => limit !== undefined);
