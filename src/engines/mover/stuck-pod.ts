import type { Pod } from '../../kube/model/built-in-kinds.ts';

/** Reasons of a waiting container that pass by themselves, as a rule within seconds. */
const passing: readonly string[] = ['ContainerCreating', 'PodInitializing'];

/** What keeps a mover's pod from starting, a sentence; undefined where nothing does, as far as it says itself. */
export function stuckPod({ metadata, status }: Pod): string | undefined {
  const refused = status?.conditions?.find((one) => one.type === 'PodScheduled' && one.status === 'False');
  if (refused !== undefined) {
    return clause(`The mover's pod ${metadata.name} cannot be scheduled: ${refused.message ?? refused.reason ?? ''}`);
  }
  const waiting = stuckContainer(status);
  if (waiting === undefined) return undefined;
  return clause(`The mover's pod ${metadata.name} cannot start: ${waiting.reason ?? ''} ${waiting.message ?? ''}`);
}

const stuckContainer = (status: Pod['status']) =>
  [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    .map(({ state }) => state?.waiting)
    .find((one) => one?.reason !== undefined && !passing.includes(one.reason));

const clause = (text: string): string => `${text.replaceAll(/\s+/g, ' ').trim().replace(/\.$/, '')}.`;
