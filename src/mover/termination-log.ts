import { writeFile } from 'node:fs/promises';

/** Where the kubelet reads what a container has to say at its end (Kubernetes, terminationMessagePath). */
export const TERMINATION_LOG = '/dev/termination-log';

/** Says what came of a container's work. */
export const writeReport = async (reportTo: string, report: string): Promise<void> => await writeFile(reportTo, report);

/**
 * Does a container's work, and says why where it fails.
 *
 * @throws what the work throws, after it was reported.
 */
export async function reportFailure<T>(reportTo: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    await writeFile(reportTo, error instanceof Error ? error.message : String(error));
    throw error;
  }
}
