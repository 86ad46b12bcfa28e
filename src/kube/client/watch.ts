import { z } from 'zod';
import { KubeError, reasonUnreadable, type RequestSubject } from './errors.ts';
import { errorFromStatus } from './status.ts';

/** One event of a watch. Bookmarks only move the resource version on. */
export type WatchEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: unknown }
  | { readonly type: 'BOOKMARK'; readonly object: unknown };

const frame = z.object({
  type: z.enum(['ADDED', 'MODIFIED', 'DELETED', 'BOOKMARK', 'ERROR']),
  object: z.unknown(),
});

/**
 * Reads one line of a watch stream.
 *
 * @throws KubeError what an ERROR event says (410: the resource version is too old), or that the line makes no sense.
 */
export function parseWatchLine(subject: RequestSubject, line: string): WatchEvent {
  const { type, object } = readFrame(subject, line);
  if (type === 'ERROR') throw errorFromStatus(subject, object, 500);
  return { type, object };
}

function readFrame(subject: RequestSubject, line: string): z.infer<typeof frame> {
  try {
    return frame.parse(JSON.parse(line));
  } catch (error) {
    const detail = 'a line of the watch is not a watch event';
    throw new KubeError(subject, { code: 0, reason: reasonUnreadable, detail }, error);
  }
}
