import type { ReplicationDestination, ReplicationSource } from './kinds.ts';
import type { MoverTrouble } from '../mover-trouble.ts';
import { absentMoverTrouble, cacheClaimName, moverJobName } from './mover-trouble.ts';
import { sourceSnapshotName } from './source-snapshot.ts';
import { KubeError } from '../../kube/client/errors.ts';
import type { Event, Pod } from '../../kube/model/built-in-kinds.ts';
import { warningsAbout } from '../../kube/warning-events.ts';
import type { VolSyncContext } from './context.ts';

/**
 * Asks the events of the objects that a mover needs why it has not started; undefined when they say nothing.
 *
 * @param sinceMilliseconds what was said before speaks of an earlier mover.
 */
export async function explainAbsentMover(
  context: Pick<VolSyncContext, 'client' | 'log'>,
  object: ReplicationSource | ReplicationDestination,
  pod: Pod | undefined,
  sinceMilliseconds = 0,
): Promise<MoverTrouble | undefined> {
  const { namespace, name } = object.metadata;
  const names = [
    moverJobName(object),
    cacheClaimName(object),
    ...(pod === undefined ? [] : [pod.metadata.name]),
    ...(object.kind === 'ReplicationSource' ? [sourceSnapshotName(name)] : []),
    name,
  ];
  try {
    for (const one of names) {
      const warnings = await warningsAbout(context.client, namespace, one);
      const trouble = absentMoverTrouble({ warnings: warnings.filter((event) => isSince(event, sinceMilliseconds)) });
      if (trouble !== undefined) return trouble;
    }
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    // What keeps the mover is known to others only; that it does not start is told all the same.
    context.log.warn({ err: error, namespace, name }, 'the events about a mover cannot be read');
  }
  return undefined;
}

/** An event that does not say when it was last seen counts. */
const isSince = ({ lastTimestamp }: Event, sinceMilliseconds: number): boolean =>
  !(Date.parse(lastTimestamp ?? '') < sinceMilliseconds);
