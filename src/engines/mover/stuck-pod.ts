import type { Pod } from '../../kube/model/built-in-kinds.ts';
import { clause } from '../../kube/model/clause.ts';
import { stuckWords, unscheduledWords } from '../../kube/model/unstarted-pod.ts';

/** What keeps a mover's pod from starting, a sentence; undefined where nothing does, as far as it says itself. */
export function stuckPod({ metadata, status }: Pod): string | undefined {
  const unscheduled = unscheduledWords(status);
  if (unscheduled !== undefined)
    return sentence(`The mover's pod ${metadata.name} cannot be scheduled: ${unscheduled}`);
  const stuck = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])]
    .map(({ state }) => stuckWords(state?.waiting))
    .find((words) => words !== undefined);
  return stuck === undefined ? undefined : sentence(`The mover's pod ${metadata.name} cannot start: ${stuck}`);
}

const sentence = (text: string): string => `${clause(text)}.`;
