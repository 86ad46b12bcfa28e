import { opendir, writeFile } from 'node:fs/promises';
import { type LookReport, nothingFound, noteName } from '../domain/look-report.ts';

/** Where the kubelet reads what a container has to say at its end. */
const TERMINATION_LOG = '/dev/termination-log';

/**
 * Runs the role `rebound look <folder>`: reports what is at the top of a folder, as a LookReport in JSON. Reads names only,
 * writes nothing into the folder.
 *
 * @throws when the folder can't be read, or the report can't be written: the reason is reported then, in words.
 */
export async function runLook(folder: string, reportTo = TERMINATION_LOG): Promise<void> {
  try {
    await writeFile(reportTo, JSON.stringify(await lookInto(folder)));
  } catch (error) {
    await writeFile(reportTo, error instanceof Error ? error.message : String(error));
    throw error;
  }
}

async function lookInto(folder: string): Promise<LookReport> {
  let report = nothingFound;
  for await (const { name } of await opendir(folder)) {
    report = noteName(report, name);
    if (report.hasMore) break;
  }
  return report;
}
