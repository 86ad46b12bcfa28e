import type { IncomingMessage } from 'node:http';

/**
 * The API server takes objects of at most 3 MiB (its `MaxRequestBodyBytes`), and a review carries one of them together
 * with its options and the user's name.
 */
export const MAXIMUM_BODY_BYTES = 4 * 1024 * 1024;

/** So much of a larger body is thrown away before the answer: a client that is still sending might not read it. */
const DISCARDED_BYTES = 4 * MAXIMUM_BODY_BYTES;

/** API servers send a review in one go: one that trickles in comes from somebody else. */
const BODY_TIMEOUT_MILLISECONDS = 10_000;

/** Text, or why there is none. */
export type RequestBody =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'tooLarge' }
  | { readonly kind: 'incomplete' }
  /** Too much is held of other bodies. */
  | { readonly kind: 'busy' };

/**
 * Reads a request's body to its end, or as far as it may be. Never rejects.
 *
 * @param mayHold asked before so many more bytes are held.
 */
export function readBody(request: IncomingMessage, mayHold: (bytes: number) => boolean): Promise<RequestBody> {
  const { promise, resolve } = Promise.withResolvers<RequestBody>();
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(() => finish({ kind: 'incomplete' }), BODY_TIMEOUT_MILLISECONDS);
  const finish = (body: RequestBody): void => {
    clearTimeout(timer);
    resolve(body);
  };
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= MAXIMUM_BODY_BYTES) {
      if (mayHold(chunk.length)) chunks.push(chunk);
      else finish({ kind: 'busy' });
    } else if (bytes > DISCARDED_BYTES) finish({ kind: 'tooLarge' });
  });
  request.once('end', () => {
    finish(bytes > MAXIMUM_BODY_BYTES ? { kind: 'tooLarge' } : { kind: 'text', text: textOf(chunks) });
  });
  // Comes after "end" too, when it changes nothing any more.
  request.once('close', () => finish({ kind: 'incomplete' }));
  request.once('error', () => finish({ kind: 'incomplete' }));
  return promise;
}

const textOf = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString('utf8');
