/**
 * When a volume that held nothing is looked at again: an application that had not written anything yet when it was first backed
 * up is not left alone until the next hour. The longer the claim has been there, the longer the wait: half a minute at first,
 * then doubling, up to an hour.
 *
 * @param foundAt when the volume was found empty, RFC 3339.
 * @param claimCreatedAt RFC 3339.
 * @returns milliseconds since 1970.
 */
export function emptyVolumeRetryMilliseconds(foundAt: string, claimCreatedAt: string): number {
  const foundMilliseconds = Date.parse(foundAt);
  const claimAge = foundMilliseconds - Date.parse(claimCreatedAt);
  return foundMilliseconds + Math.min(60 * 60_000, Math.max(30_000, claimAge));
}
