import type { Pod } from '../../kube/model/built-in-kinds.ts';
import type { MoverTrouble } from '../mover-trouble.ts';

/** A Job replaces pods that were taken away without counting them (Kubernetes, podFailurePolicy with action Ignore): so it is counted here. */
const MOST_PODS = 3;
const ADVICE =
  'Where its node lacks disk or memory for it, make room there, or let the claim be used from another node; the run is tried again later and later.';

const disruptionOf = ({ status }: Pod) =>
  status?.phase === 'Failed'
    ? status.conditions?.find((one) => one.type === 'DisruptionTarget' && one.status === 'True')
    : undefined;

/**
 * Why a Job is given up whose pods are taken away again and again: what took them would take the next ones.
 *
 * @param pods of the Job, oldest first.
 * @returns undefined while there were few.
 */
export function takenAway(pods: readonly Pod[]): MoverTrouble | undefined {
  const disruptions = pods.flatMap((pod) => disruptionOf(pod) ?? []);
  if (disruptions.length < MOST_PODS) return undefined;
  const last = disruptions.at(-1);
  const words = (last?.message ?? last?.reason ?? 'nobody says why').replace(/\.$/, '');
  const message = `The mover's pod was taken away ${disruptions.length} times: ${words}.`;
  return { kind: 'failed', message, advice: ADVICE };
}
