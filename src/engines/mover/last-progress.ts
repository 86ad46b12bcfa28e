import type { MoverProgress } from '../../domain/restore-progress.ts';
import type { KubeClient } from '../../kube/client/client.ts';
import type { Pod } from '../../kube/model/built-in-kinds.ts';
import { RESTIC_CONTAINER } from './mover-pod.ts';
import { progressOf } from './restic-lines.ts';

/** Beside its progress restic may tell what goes wrong with single files. */
const LINES = 20;

/**
 * How far a mover's restic is, by the end of its log.
 *
 * @throws KubeError when the log can't be read: the container has not started, or its node does not answer.
 */
export async function lastProgress(
  client: Pick<KubeClient, 'podLogs'>,
  { metadata }: Pick<Pod, 'metadata'>,
): Promise<MoverProgress | undefined> {
  const log: string[] = [];
  const options = { container: RESTIC_CONTAINER, tailLines: LINES };
  for await (const line of client.podLogs(metadata, options)) log.push(line);
  return progressOf(log.join('\n'));
}
