/**
 * When a snapshot of a volume was taken. The driver's word counts only where it can be true: backups are ordered by this time, so that
 * one from a clock that is off would hide all later ones, or be hidden by earlier ones and removed as the oldest.
 *
 * @param driverTime as the driver says; some say nothing, the epoch, the volume's own age, or milliseconds where seconds are meant.
 * @param requestedMilliseconds when the snapshot was asked for: it lacks nothing that was written before.
 * @returns milliseconds since 1970: the driver's time, or that of the request where it was not taken in between.
 */
export function takenMilliseconds(
  driverTime: string | undefined,
  requestedMilliseconds: number,
  nowMilliseconds: number,
): number {
  const told = Date.parse(driverTime ?? '');
  return told >= requestedMilliseconds && told <= nowMilliseconds ? told : requestedMilliseconds;
}
