import type { Pod } from '../../kube/model/built-in-kinds.ts';
import { hasEnded } from '../../kube/model/pod-life.ts';
import { MOVER_PATIENCE_MILLISECONDS, type MoverTrouble } from '../mover-trouble.ts';

/** Set on pods of a node that does not answer, by clusters of old (Kubernetes, node lifecycle controller). */
const NODE_LOST = 'NodeLost';
const ADVICE =
  'It may still write, so nothing is put in its place. Once that node is certainly off, delete the pod with --force.';

/**
 * A pod that nobody answers for: it should have ended (the API server adds the grace to the time of its deletion), or its node is
 * given up. That it is not Ready says nothing: no mover is while restic works, in an init container.
 *
 * @returns undefined for one that is well, as far as anybody says.
 */
export function lostPod(pod: Pod, nowMilliseconds: number): MoverTrouble | undefined {
  const { metadata, spec, status } = pod;
  if (hasEnded(pod)) return undefined;
  const since = lostSince(pod, nowMilliseconds);
  if (since === undefined) return undefined;
  const node = spec.nodeName === undefined ? 'its node' : `its node ${spec.nodeName}`;
  const message = `The mover's pod ${metadata.name} ${since}: ${node} may not answer${whyOf(status)}.`;
  return { kind: 'silent', message, advice: ADVICE };
}

function lostSince({ metadata: { deletionTimestamp }, status }: Pod, nowMilliseconds: number): string | undefined {
  if (deletionTimestamp === undefined) return status?.reason === NODE_LOST ? 'is lost' : undefined;
  const isLate = nowMilliseconds - Date.parse(deletionTimestamp) >= MOVER_PATIENCE_MILLISECONDS;
  return isLate ? `should have ended at ${deletionTimestamp}, and has not` : undefined;
}

function whyOf(status: Pod['status']): string {
  const words = status?.message ?? status?.conditions?.find(({ type }) => type === 'DisruptionTarget')?.message;
  return words === undefined ? '' : ` (${words})`;
}
