import type { Pod } from '../../kube/model/built-in-kinds.ts';

/** How a container ended. */
export interface ContainerEnd {
  readonly exitCode: number;
  /** The kubelet's word, `OOMKilled`. */
  readonly reason?: string | undefined;
  readonly message: string;
}

/** How a container of a pod, an init container or not, ended; undefined where it has not. Others may have put more into the pod. */
export function endOf({ status }: Pod, containerName: string): ContainerEnd | undefined {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const end = all.find(({ name }) => name === containerName)?.state?.terminated;
  return end === undefined ? undefined : { exitCode: end.exitCode, reason: end.reason, message: end.message ?? '' };
}

// restic 0.18 (cmd/restic/main.go), and signals as shells count them.
const exitWords: Readonly<Record<number, string>> = {
  3: 'some files could not be read',
  10: 'the repository does not exist',
  11: 'the repository is locked',
  12: 'the password of the repository is wrong',
  130: 'it was interrupted',
  137: 'it was killed',
  143: 'it was asked to end: its pod was evicted, or its node drained',
};

/** `exit code 11: the repository is locked`. */
export function exitInWords({ exitCode }: Pick<ContainerEnd, 'exitCode'>): string {
  const words = exitWords[exitCode];
  return `exit code ${exitCode}${words === undefined ? '' : `: ${words}`}`;
}
