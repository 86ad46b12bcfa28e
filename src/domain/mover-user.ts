import type { MoverUser } from '../api/snapshot.ts';

/** What the choice needs to know of a pod that mounts the claim. */
export interface PodSecurityFacts {
  readonly name: string;
  /** The pod's own security context. */
  readonly pod: MoverUser;
  /** Security contexts of the containers that mount the claim. */
  readonly containers: readonly MoverUser[];
}

export interface MoverUserFacts {
  /** Value of the annotation `rebound.dev/mover-user`. */
  readonly annotation?: string | undefined;
  /** Pods that mount the claim, in any phase. */
  readonly pods: readonly PodSecurityFacts[];
  /** What the status or the ledger remembers of an earlier mover. */
  readonly remembered?: MoverUser | undefined;
}

export type MoverUserChoice =
  | { readonly ok: true; readonly user: MoverUser; readonly source: 'annotation' | 'pods' | 'remembered' | 'engine' }
  | { readonly ok: false; readonly message: string };

/**
 * The group by which a mover's user, or the claim's pods, may write into a top folder that is root's; undefined where root writes, or nobody
 * says who does.
 */
export function writingGroup({ runAsUser, runAsGroup, fsGroup }: MoverUser): number | undefined {
  if (fsGroup !== undefined) return fsGroup;
  return runAsUser === undefined || runAsUser === 0 ? undefined : (runAsGroup ?? runAsUser);
}

const LARGEST_ID = 2 ** 31 - 1;

function parseAnnotation(value: string): MoverUserChoice {
  const match = /^(\d+)(?::(\d+)(?::(\d+))?)?$/.exec(value);
  const ids = match?.slice(1).map((part: string | undefined) => (part === undefined ? undefined : Number(part)));
  if (ids === undefined || ids.some((id) => id !== undefined && id > LARGEST_ID)) {
    return {
      ok: false,
      message: `annotation rebound.dev/mover-user is ${JSON.stringify(value)}: it takes "<uid>", "<uid>:<gid>" or "<uid>:<gid>:<fsGroup>"`,
    };
  }
  const [runAsUser, runAsGroup, fsGroup] = ids;
  return { ok: true, source: 'annotation', user: withoutAbsent({ runAsUser, runAsGroup, fsGroup }) };
}

function withoutAbsent(user: { readonly [K in keyof MoverUser]: MoverUser[K] | undefined }): MoverUser {
  return Object.fromEntries(Object.entries(user).filter(([, id]) => id !== undefined));
}

const isEmpty = (user: MoverUser): boolean => Object.values(user).every((id) => id === undefined);

/** The user that files of the claim belong to, as far as a pod's spec tells. A container's setting wins over the pod's. */
function userOf(pod: PodSecurityFacts): MoverUser {
  const container = pod.containers.find((one) => one.runAsUser !== undefined || one.runAsGroup !== undefined) ?? {};
  return withoutAbsent({
    runAsUser: container.runAsUser ?? pod.pod.runAsUser,
    runAsGroup: container.runAsGroup ?? pod.pod.runAsGroup,
    fsGroup: pod.pod.fsGroup,
  });
}

/**
 * Chooses whom a mover runs as: what the annotation says, else what the pods that mount the claim say, else what is
 * remembered, else the engine's default (an empty user).
 */
export function chooseMoverUser(facts: MoverUserFacts): MoverUserChoice {
  if (facts.annotation !== undefined) return parseAnnotation(facts.annotation);
  const sorted = [...facts.pods].sort((a, b) => (a.name < b.name ? -1 : 1));
  const fromPods = sorted.map(userOf).find((user) => !isEmpty(user));
  if (fromPods !== undefined) return { ok: true, source: 'pods', user: fromPods };
  if (facts.remembered !== undefined && !isEmpty(facts.remembered)) {
    return { ok: true, source: 'remembered', user: facts.remembered };
  }
  return { ok: true, source: 'engine', user: {} };
}
