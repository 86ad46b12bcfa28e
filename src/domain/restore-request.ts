import { z } from 'zod';

/** What a user asks for with the annotation `rebound.dev/restore`. */
export type RestoreRequest =
  /** The newest snapshot that is known to be whole. */
  | { readonly kind: 'latest' }
  /** The newest snapshot, whatever is known of it. */
  | { readonly kind: 'newest' }
  | { readonly kind: 'none' }
  /** The newest snapshot not after a time (milliseconds since 1970). */
  | { readonly kind: 'asOf'; readonly timeMilliseconds: number }
  /** A snapshot id or a unique beginning of one, 8 to 64 hexadecimal digits. */
  | { readonly kind: 'snapshot'; readonly id: string };

export type ParsedRestoreRequest =
  { readonly ok: true; readonly request: RestoreRequest } | { readonly ok: false; readonly message: string };

/** With seconds and a zone; a day that the month does not have is refused rather than counted into the next one. */
const rfc3339 = z.iso
  .datetime({ offset: true })
  .regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})$/);

/** How much of a wrong value a message repeats. */
const QUOTED_CHARACTERS = 80;

/** Reads the annotation's value; an absent one means `latest`. */
export function parseRestoreRequest(value: string | undefined): ParsedRestoreRequest {
  if (value === undefined || value === 'latest') return { ok: true, request: { kind: 'latest' } };
  if (value === 'newest') return { ok: true, request: { kind: 'newest' } };
  if (value === 'none') return { ok: true, request: { kind: 'none' } };
  if (/^[0-9a-f]{8,64}$/.test(value)) return { ok: true, request: { kind: 'snapshot', id: value } };
  const timeMilliseconds = rfc3339.safeParse(value).success ? Date.parse(value) : Number.NaN;
  if (!Number.isNaN(timeMilliseconds)) return { ok: true, request: { kind: 'asOf', timeMilliseconds } };
  return {
    ok: false,
    message: `annotation rebound.dev/restore is ${JSON.stringify(value.slice(0, QUOTED_CHARACTERS))}: it takes "latest", "newest", "none", an RFC 3339 time with a zone such as "2026-08-01T10:00:00Z", or a snapshot id of 8 to 64 hexadecimal digits`,
  };
}
