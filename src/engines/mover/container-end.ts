import type { Pod } from '../../kube/model/built-in-kinds.ts';
import { resticExitWords } from '../restic-exit.ts';

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

/** `exit code 11: the repository is locked`. */
export function exitInWords({ exitCode }: Pick<ContainerEnd, 'exitCode'>): string {
  const words = resticExitWords[exitCode];
  return `exit code ${exitCode}${words === undefined ? '' : `: ${words}`}`;
}
