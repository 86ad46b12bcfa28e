import type { ReplicationDestination, ReplicationSource } from './kinds.ts';
import { absentMoverTrouble, cacheClaimName, type MoverTrouble, moverJobName } from './mover-trouble.ts';
import { sourceSnapshotName } from './source-snapshot.ts';
import { KubeError } from '../../kube/client/errors.ts';
import { type Event, events, type Pod } from '../../kube/model/built-in-kinds.ts';
import type { ControllerContext } from '../../controllers/context.ts';

/** How long a mover is given to start before it is asked what keeps it. */
export const MOVER_PATIENCE_MILLISECONDS = 60_000;

/**
 * Asks the events of the objects that a mover needs why it has not started; undefined when they say nothing.
 *
 * @param sinceMilliseconds what was said before speaks of an earlier mover.
 */
export async function explainAbsentMover(
  context: ControllerContext,
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
      const warnings = await warningsAbout(context, namespace, one);
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

/** The warning events about one object. */
export async function warningsAbout(
  { client }: ControllerContext,
  namespace: string | undefined,
  name: string,
): Promise<readonly Event[]> {
  const fieldSelector = `involvedObject.name=${name},type=Warning`;
  const found = await client.list(events, { namespace, fieldSelector });
  return found.filter(({ involvedObject, type }) => involvedObject.name === name && type === 'Warning');
}
