const unitBytes = { B: 1, KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3, TiB: 1024 ** 4 } as const;

const isUnit = (unit: string): unit is keyof typeof unitBytes => unit in unitBytes;

/**
 * How many bytes a prune has freed, by what it prints of itself; undefined where it does not say so. restic 0.18 tells it as text
 * only, rounded to a thousandth of the unit, whatever `--json` says (cmd/restic/cmd_prune.go).
 */
export function freedBytes(log: string): number | undefined {
  const [, amount, unit = ''] = /^total prune:\s+\d+ blobs \/ ([\d.]+) (\w+)\s*$/m.exec(log) ?? [];
  return amount === undefined || !isUnit(unit) ? undefined : Math.round(Number(amount) * unitBytes[unit]);
}
