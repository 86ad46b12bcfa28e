import { z } from 'zod';
import { inWords, isEmpty, type LookReport } from '../domain/look-report.ts';
import { isWholeRestore, restoreMessage } from '../domain/restore-record.ts';
import { lookInto } from '../mover/look-into.ts';
import type { MoverRepository } from '../mover/settings.ts';
import { reportFailure, TERMINATION_LOG, writeReport } from '../mover/termination-log.ts';

/** What a container of a mover's pod does, beside restic. */
export type MoverTask = 'look' | 'prove' | 'record';

const settings = z.object({
  REBOUND_VOLUME: z.string().min(1).default('/data'),
  REBOUND_LOOK_FOR: z.enum(['nothing', 'files']).default('nothing'),
  REBOUND_FILLED_BEFORE: z.stringbool().default(false),
  REBOUND_SNAPSHOT_ID: z.string().default(''),
  REBOUND_TOP_FOLDER_GROUP: z.coerce.number().int().min(0).optional(),
  REBOUND_RUN_ID: z.string().default(''),
  REBOUND_CLUSTER_UID: z.string().default(''),
  REBOUND_CLAIM_NAMESPACE: z.string().default(''),
  REBOUND_CLAIM_NAME: z.string().default(''),
});

type Settings = z.infer<typeof settings>;

export const isMoverTask = (task: string | undefined): task is MoverTask =>
  task === 'look' || task === 'prove' || task === 'record';

/**
 * Looks what is at the volume's top. Before a restore, files that no attempt of ours has put there are refused; before a backup,
 * that there are none.
 */
async function look(given: Settings, reportTo: string): Promise<number> {
  const report = await lookInto(given.REBOUND_VOLUME);
  await writeReport(reportTo, JSON.stringify(report));
  return given.REBOUND_LOOK_FOR === 'files' ? requireFiles(report) : requireEmpty(report, given);
}

function requireFiles(report: LookReport): number {
  if (!isEmpty(report)) return 0;
  process.stderr.write('the volume holds no file: there is nothing to back up\n');
  return 1;
}

function requireEmpty(report: LookReport, { REBOUND_FILLED_BEFORE }: Settings): number {
  if (isEmpty(report) || REBOUND_FILLED_BEFORE) return 0;
  process.stderr.write(`the volume holds ${inWords(report)}: nothing was written into it and nothing removed\n`);
  return 1;
}

/** A look does without what reads repositories: it takes no longer than its start. */
async function openRepository(environment: NodeJS.ProcessEnv): Promise<MoverRepository> {
  const { openMoverRepository } = await import('../mover/settings.ts');
  return openMoverRepository(environment);
}

async function proveRestore(environment: NodeJS.ProcessEnv, given: Settings, reportTo: string): Promise<number> {
  const [{ prove }, repository] = await Promise.all([import('../mover/prove.ts'), openRepository(environment)]);
  try {
    const record = await prove(repository, given.REBOUND_SNAPSHOT_ID, {
      volumePath: given.REBOUND_VOLUME,
      topFolderGroup: given.REBOUND_TOP_FOLDER_GROUP,
    });
    const message = restoreMessage(record);
    process.stdout.write(`${message}\n`);
    await writeReport(reportTo, message);
    return isWholeRestore(record) ? 0 : 1;
  } finally {
    await repository.destination.close();
  }
}

async function recordBackup(environment: NodeJS.ProcessEnv, given: Settings, reportTo: string): Promise<number> {
  const [{ recordRun }, repository] = await Promise.all([import('../mover/record.ts'), openRepository(environment)]);
  const run = {
    runId: given.REBOUND_RUN_ID,
    clusterUid: given.REBOUND_CLUSTER_UID,
    namespace: given.REBOUND_CLAIM_NAMESPACE,
    claim: given.REBOUND_CLAIM_NAME,
  };
  try {
    const { snapshotId, time, files, directories, sizeBytes } = await recordRun(repository, run, given.REBOUND_VOLUME);
    const message = JSON.stringify({ snapshotId, time, files, directories, sizeBytes });
    process.stdout.write(`${message}\n`);
    await writeReport(reportTo, message);
    return 0;
  } finally {
    await repository.destination.close();
  }
}

/**
 * Runs the role `rebound mover <task>`: one container of a mover's pod, with what the environment says. What came of it is
 * the termination message.
 *
 * @returns the exit code: 0 only where the next container may go on, or all is proven.
 * @throws when it can't be done: the reason is reported then, in words.
 */
export async function runMover(
  task: MoverTask,
  environment: NodeJS.ProcessEnv,
  reportTo = TERMINATION_LOG,
): Promise<number> {
  return await reportFailure(reportTo, async () => {
    const given = settings.parse(environment);
    switch (task) {
      case 'look':
        return await look(given, reportTo);
      case 'prove':
        return await proveRestore(environment, given, reportTo);
      case 'record':
        return await recordBackup(environment, given, reportTo);
    }
  });
}
