import type { KubeClient } from './client/client.ts';
import { type Event, events } from './model/built-in-kinds.ts';
import { clause } from './model/clause.ts';

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

/** An event that does not say when it was last seen comes last. */
export const newestFirst = (all: readonly Event[]): readonly Event[] =>
  all.toSorted((a, b) => (b.lastTimestamp ?? '').localeCompare(a.lastTimestamp ?? ''));

/** What the newest of some warnings says, a clause; undefined where there is none, or it says nothing. */
export function newestWarning(warnings: readonly Event[]): string | undefined {
  const message = newestFirst(warnings).at(0)?.message;
  return message === undefined ? undefined : clause(message);
}
