import type { MoverUser } from '../api/snapshot.ts';

/** What a snapshot's tree holds that a restore may not bring back as it was. */
export interface TreeFacts {
  /** UIDs that own something, each once. */
  readonly ownerUIDs: readonly number[];
  readonly hasACLs: boolean;
  readonly hasFileCapabilities: boolean;
  readonly hasDevices: boolean;
}

export interface ForesightFacts {
  /** Whom the movers run as; empty where nobody says. */
  readonly moverUser: MoverUser;
  /** Whether the namespace allows movers that are root with the right to give files away. */
  readonly privilegedMovers: boolean;
  /** UIDs that the pods which use the claim run as, each once, as far as their specs say. */
  readonly podUIDs: readonly number[];
  /** Absent where the tree was not read. */
  readonly tree?: TreeFacts | undefined;
}

/** What a restore with this engine will foreseeably not bring back, and what to do about it, in whole sentences. */
export interface RestoreLimit {
  /** One word in CamelCase, for programs. */
  readonly reason: 'UserUnknown' | 'UsersDiffer' | 'OwnersLost' | 'AttributesLost' | 'DevicesLost';
  readonly message: string;
}

const USER_CURE =
  'Set annotation rebound.dev/mover-user on the claim to the user that its files belong to; where they belong to several, let an administrator put annotation volsync.backube/privileged-movers: "true" on the namespace.';

type Rule = (facts: ForesightFacts) => RestoreLimit | undefined;

const users = (ids: readonly number[]): string => [...ids].sort((a, b) => a - b).join(', ');

/** A mover that is root, but may not give files away, can bring back root's files only. */
const powerlessRoot: Rule = ({ moverUser: { runAsUser }, privilegedMovers, tree }) => {
  if (privilegedMovers || (runAsUser !== undefined && runAsUser !== 0)) return undefined;
  const others = tree?.ownerUIDs.filter((id) => id !== 0);
  if (others?.length === 0) return undefined;
  const whose = others === undefined ? 'Files that do not belong to root' : `Files that belong to ${users(others)}`;
  const why =
    runAsUser === 0 ? 'The mover runs as root' : 'No pod says whom the mover should run as, so it runs as root';
  return {
    reason: 'UserUnknown',
    message: `${why}, without the right to give files away. ${whose} can be backed up, but not restored. ${USER_CURE}`,
  };
};

const otherOwners: Rule = ({ moverUser: { runAsUser }, privilegedMovers, tree }) => {
  if (privilegedMovers || runAsUser === undefined || runAsUser === 0) return undefined;
  const others = tree?.ownerUIDs.filter((id) => id !== runAsUser) ?? [];
  if (others.length === 0) return undefined;
  return {
    reason: 'OwnersLost',
    message: `The mover runs as ${runAsUser}: files of ${users(others)} come back as belonging to ${runAsUser}. ${USER_CURE}`,
  };
};

const differingPods: Rule = ({ podUIDs, privilegedMovers }) =>
  privilegedMovers || podUIDs.length < 2
    ? undefined
    : {
        reason: 'UsersDiffer',
        message: `The pods that use the claim run as different users (${users(podUIDs)}), and the mover can be only one of them. ${USER_CURE}`,
      };

// VolSync's restore asks restic for `user.*` attributes only (mover-restic/entry.sh, v0.14).
const lostAttributes: Rule = ({ tree }) => {
  const lost = [
    ...(tree?.hasACLs === true ? ['POSIX ACLs (the mask of one becomes the mode of the group)'] : []),
    ...(tree?.hasFileCapabilities === true ? ['file capabilities'] : []),
  ];
  if (lost.length === 0) return undefined;
  return {
    reason: 'AttributesLost',
    message: `Not restored with this engine: ${lost.join(' and ')}. They are in the snapshot: plain restic brings them back.`,
  };
};

const lostDevices: Rule = ({ tree }) =>
  tree?.hasDevices === true
    ? {
        reason: 'DevicesLost',
        message:
          'Device nodes cannot be restored with this engine, and a restore that meets one never ends. Remove them.',
      }
    : undefined;

const rules: readonly Rule[] = [powerlessRoot, otherOwners, differingPods, lostDevices, lostAttributes];

/** Everything that a restore of what was just backed up will foreseeably lack, the worst first; empty where it lacks nothing. */
export const foreseeRestore = (facts: ForesightFacts): readonly RestoreLimit[] =>
  rules.map((rule) => rule(facts)).filter((limit) => limit !== undefined);
