import type { KubeClient } from './client/client.ts';
import { type Event, events } from './model/built-in-kinds.ts';

/** The warning events about one object. */
export async function warningsAbout(
  client: Pick<KubeClient, 'list'>,
  namespace: string | undefined,
  name: string,
): Promise<readonly Event[]> {
  const fieldSelector = `involvedObject.name=${name},type=Warning`;
  const found = await client.list(events, { namespace, fieldSelector });
  return found.filter(({ involvedObject, type }) => involvedObject.name === name && type === 'Warning');
}
