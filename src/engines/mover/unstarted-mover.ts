import type { KubeClient } from '../../kube/client/client.ts';
import type { Job, Pod } from '../../kube/model/built-in-kinds.ts';
import { newestWarning, warningsAbout } from '../../kube/warning-events.ts';
import type { MoverTrouble } from '../mover-trouble.ts';

/**
 * What keeps a mover from starting of which neither its Job nor its pod says anything, by the newest warning: about its pod, that its
 * volume can't be attached or mounted; about its Job, that it can have no pod.
 *
 * @param pod undefined where there is none.
 */
export async function explainUnstarted(
  client: Pick<KubeClient, 'list'>,
  { metadata: job }: Job,
  pod: Pod | undefined,
): Promise<MoverTrouble | undefined> {
  const { namespace, name } = pod?.metadata ?? job;
  const words = newestWarning(await warningsAbout(client, namespace, name));
  if (words === undefined) return undefined;
  const what = pod === undefined ? "The mover's pod cannot be made" : `The mover's pod ${name} cannot start`;
  return { kind: 'stuck', message: `${what}: ${words}.` };
}
