import type { Event, Pod } from '../../kube/model/built-in-kinds.ts';
import { stuckWords, unscheduledWords } from '../../kube/model/unstarted-pod.ts';
import { newestFirst } from '../../kube/warning-events.ts';
import type { MoverTrouble } from '../mover-trouble.ts';
import { resticExitWords } from '../restic-exit.ts';
import type { ReplicationDestination, ReplicationSource } from './kinds.ts';
import { moverComplaint } from './mover-log.ts';

// Names that VolSync gives (internal/controller/mover/restic/mover.go, v0.14).
const roleOf = ({ kind }: ReplicationSource | ReplicationDestination): string =>
  kind === 'ReplicationSource' ? 'src' : 'dst';

/** Name of the Job by which VolSync runs the mover of an object. */
export const moverJobName = (object: ReplicationSource | ReplicationDestination): string =>
  `volsync-${roleOf(object)}-${object.metadata.name}`;

/** Name of the claim that holds a mover's cache. */
export const cacheClaimName = (object: ReplicationSource | ReplicationDestination): string =>
  `${moverJobName(object)}-cache`;

/** What is said of the objects that a mover needs before there is a pod. Names as VolSync gives them. */
export interface AbsentMoverFacts {
  /** Warning events, in any order, of the mover's Job, its cache claim and the engine's object. */
  readonly warnings: readonly Event[];
}

/** Name of a mover's own container (internal/controller/mover/restic/mover.go, v0.14). Others may have put more into its pod. */
export const MOVER_CONTAINER = 'restic';

/** How long the other containers of a pod may go on after its mover has ended. */
const LINGERING_MILLISECONDS = 60_000;

const LINGERING_ADVICE =
  'Keep it out of pods with label app.kubernetes.io/created-by: volsync, or let whoever puts it there make a native sidecar of it.';

/** A mover that runs has said something within this time: restic reports its progress every ten seconds. */
export const SILENCE_MILLISECONDS = 2 * 60_000;

const FILES_ADVICE =
  'Set annotation rebound.dev/mover-user on the claim to the user that its files belong to; where they belong to several, an administrator can allow privileged movers with annotation volsync.backube/privileged-movers: "true" on the namespace.';
const NETWORK_ADVICE =
  "The mover runs in this namespace: see that its NetworkPolicies let pods with label app.kubernetes.io/created-by: volsync reach the store and the cluster's DNS.";
const SPACE_ADVICE =
  "A volume or the mover's cache (cacheCapacity of the BackupPolicy) is full. Sparse files take their whole size when they are restored.";
const MEMORY_ADVICE = 'Raise the default memory limit of the LimitRange in this namespace, or remove it.';
const ADMISSION_ADVICE =
  'Annotation rebound.dev/mover-user on the claim (a user other than 0) makes movers fit the restricted Pod Security Standard.';
const QUOTA_ADVICE =
  "The namespace's ResourceQuota or LimitRange must have room for one mover and its cache claim beside the application.";

const SNAPSHOT_ADVICE =
  'Make a VolumeSnapshotClass for the driver of the claim\'s storage class, with annotation snapshot.storage.kubernetes.io/is-default-class: "true", or name one in the BackupPolicy (volSync.volumeSnapshotClassName). Where the driver takes no snapshots, use a tier with volSync.copyMethod: Direct.';

const advices: readonly (readonly [RegExp, string])[] = [
  [/no space left on device/i, SPACE_ADVICE],
  [/PodSecurity/, ADMISSION_ADVICE],
  [/exceeded quota|failed quota|LimitRange|(?:minimum|maximum) .* usage per/i, QUOTA_ADVICE],
  [/snapshot class|VolumeSnapshotClass|snapshotting non-CSI volumes/i, SNAPSHOT_ADVICE],
  [/permission denied|operation not permitted/i, FILES_ADVICE],
  [
    /i\/o timeout|no such host|network is unreachable|connection refused|failure checking existence of repository/i,
    NETWORK_ADVICE,
  ],
];

/** What a person can do about the words of a mover, or of whoever refused it; absent where they say all. */
export const moverAdvice = (words: string): string | undefined => advices.find(([pattern]) => pattern.test(words))?.[1];

const trouble = (kind: MoverTrouble['kind'], message: string, advice = moverAdvice(message)): MoverTrouble => ({
  kind,
  message,
  ...(advice === undefined ? {} : { advice }),
});

const sentence = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return /[.!?]$/.test(line) ? line : `${line}.`;
};

/**
 * What is wrong with a mover's pod; absent while it starts, runs or has ended well.
 *
 * @param log what the mover said, as far as it was heard.
 */
export function podTrouble(pod: Pod, log: string): MoverTrouble | undefined {
  return ended(pod, log) ?? cannotStart(pod);
}

/** VolSync's script ends with 3 too, but says ERROR then. */
const exitWords: Readonly<Record<number, string>> = {
  ...resticExitWords,
  137: 'it was killed, mostly for lack of memory',
};

type Exit = NonNullable<ReturnType<typeof failedExit>>;

/** How the mover's container ended, where it did not end well. */
const failedExit = ({ status }: Pod) =>
  status?.containerStatuses?.map(({ state }) => state?.terminated).find((one) => (one?.exitCode ?? 0) !== 0);

function ended(pod: Pod, log: string): MoverTrouble | undefined {
  const exit = failedExit(pod);
  if (exit === undefined && pod.status?.phase !== 'Failed') return undefined;
  if (exit?.reason === 'OOMKilled') return killedForMemory(pod);
  const complaint = moverComplaint(log);
  if (complaint !== undefined) return trouble('failed', sentence(`The mover says: ${complaint}`));
  const { reason, message } = pod.status ?? {};
  if (reason !== undefined) return trouble('failed', sentence(`The mover's pod ended: ${reason} ${message ?? ''}`));
  return trouble('failed', `The mover failed without saying why${exitMeaning(exit)}.`);
}

function killedForMemory({ spec }: Pod): MoverTrouble {
  const limit = spec.containers.map(({ resources }) => resources?.limits?.['memory']).find((one) => one !== undefined);
  const shown = limit === undefined ? 'its node had none left' : `limit ${limit}`;
  return trouble('failed', `The mover was killed for lack of memory (${shown}).`, MEMORY_ADVICE);
}

function exitMeaning(exit: Exit | undefined): string {
  if (exit === undefined) return '';
  const words = exitWords[exit.exitCode];
  return ` (exit code ${exit.exitCode}${words === undefined ? '' : `: ${words}`})`;
}

function cannotStart({ metadata, status }: Pod): MoverTrouble | undefined {
  if (status?.phase !== 'Pending') return undefined;
  const unscheduled = unscheduledWords(status);
  if (unscheduled !== undefined) {
    return trouble('stuck', sentence(`The mover's pod ${metadata.name} cannot be scheduled: ${unscheduled}`));
  }
  const stuck = status.containerStatuses
    ?.map(({ state }) => stuckWords(state?.waiting))
    .find((one) => one !== undefined);
  if (stuck === undefined) return undefined;
  return trouble('stuck', sentence(`The mover's pod ${metadata.name} cannot start: ${stuck}`));
}

/**
 * What keeps the pod of a mover that has ended well; absent where nothing does. The Job ends with the pod, and the engine waits
 * for the Job.
 */
export function lingeringTrouble({ metadata, status }: Pod, nowMilliseconds: number): MoverTrouble | undefined {
  const states = status?.containerStatuses ?? [];
  const exit = states.find(({ name }) => name === MOVER_CONTAINER)?.state?.terminated;
  const other = states.find(({ name, state }) => name !== MOVER_CONTAINER && state?.running !== undefined);
  if (exit?.exitCode !== 0 || other === undefined) return undefined;
  if (nowMilliseconds - Date.parse(exit.finishedAt ?? '') < LINGERING_MILLISECONDS) return undefined;
  const message = `The mover has ended, but container ${other.name}, which is none of its own, goes on in its pod ${metadata.name}, so that VolSync waits.`;
  return trouble('stuck', message, LINGERING_ADVICE);
}

/** What is wrong with a mover that runs and has said nothing for long. */
export const silentMover: MoverTrouble = {
  kind: 'silent',
  message: 'It has said nothing for two minutes or more: it may not reach the store.',
  advice: NETWORK_ADVICE,
};

/** What others say of a mover's objects, the most telling first; no kind is any, and no reasons are all. VolSync's own reasons: api/v1alpha1/events.go, v0.14. */
const whatTheySay: readonly { readonly kind: string; readonly reasons: readonly string[]; readonly says: string }[] = [
  { kind: 'Job', reasons: ['FailedCreate'], says: "The mover's pod is refused" },
  {
    kind: 'PersistentVolumeClaim',
    reasons: ['ProvisioningFailed', 'FailedBinding'],
    says: "The mover's cache claim gets no volume",
  },
  {
    kind: 'Pod',
    reasons: ['FailedScheduling', 'FailedMount', 'FailedAttachVolume', 'FailedCreatePodSandBox', 'Failed'],
    says: "The mover's pod cannot start",
  },
  { kind: 'VolumeSnapshot', reasons: [], says: 'The volume gets no snapshot' },
  { kind: '', reasons: [], says: 'VolSync warns' },
];

/** Why there is no mover, or why its pod does not begin, from the events about its objects; absent when they say nothing. */
export function absentMoverTrouble({ warnings }: AbsentMoverFacts): MoverTrouble | undefined {
  const telling = newestFirst(warnings.filter(({ type, message }) => type === 'Warning' && message !== undefined));
  for (const { kind, reasons, says } of whatTheySay) {
    const found = telling.find(
      (one) =>
        (kind === '' || one.involvedObject.kind === kind) &&
        (reasons.length === 0 || (one.reason !== undefined && reasons.includes(one.reason))),
    );
    if (found !== undefined) return trouble('stuck', sentence(`${says}: ${found.message ?? ''}`));
  }
  return undefined;
}
