/** Units in which restic tells sizes (internal/ui/format.go, FormatBytes, 0.18). */
const unitBytes = new Map([
  ['B', 1],
  ['KiB', 1024],
  ['MiB', 1024 ** 2],
  ['GiB', 1024 ** 3],
  ['TiB', 1024 ** 4],
]);

/**
 * A size that restic tells, in bytes, as precise as it tells it; undefined where its unit is none of restic's.
 *
 * @param text such as `4.200 GiB`.
 */
export function resticSizeBytes(text: string): number | undefined {
  const [amount, unit = 'B'] = text.split(' ');
  const bytes = unitBytes.get(unit);
  return bytes === undefined ? undefined : Math.round(Number(amount) * bytes);
}
