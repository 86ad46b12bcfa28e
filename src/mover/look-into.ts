import { opendir } from 'node:fs/promises';
import { type LookReport, nothingFound, noteName } from '../domain/look-report.ts';

/**
 * Sees what is at the top of a folder, beside what a new volume may hold. Reads names only.
 *
 * @throws when the folder can't be read.
 */
export async function lookInto(folder: string): Promise<LookReport> {
  let report = nothingFound;
  for await (const { name } of await opendir(folder)) {
    report = noteName(report, name);
    if (report.hasMore) break;
  }
  return report;
}
