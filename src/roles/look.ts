import { lookInto } from '../mover/look-into.ts';
import { reportFailure, TERMINATION_LOG, writeReport } from '../mover/termination-log.ts';

/**
 * Runs the role `rebound look <folder>`: reports what is at the top of a folder, as a LookReport in JSON. Reads names only,
 * writes nothing into the folder.
 *
 * @throws when the folder can't be read, or the report can't be written: the reason is reported then, in words.
 */
export async function runLook(folder: string, reportTo = TERMINATION_LOG): Promise<void> {
  await reportFailure(reportTo, async () => writeReport(reportTo, JSON.stringify(await lookInto(folder))));
}
