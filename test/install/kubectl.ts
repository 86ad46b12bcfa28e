import { join } from 'node:path';
import { run } from '../cluster/command.ts';
import type { ClusterEnvironment } from '../cluster/provider.ts';

/**
 * Runs kubectl against the cluster, and returns what it prints.
 *
 * @param input given to its standard input, for `-f -`.
 * @throws ClusterError with kubectl's own message when it fails.
 */
export async function kubectl(
  environment: ClusterEnvironment,
  words: readonly string[],
  input?: string,
): Promise<string> {
  const program = join(environment.binFolder, 'kubectl');
  const timeoutSeconds = 300;
  const command = [program, '--kubeconfig', environment.kubeconfigPath, ...words];
  return await run(command, input === undefined ? { timeoutSeconds } : { timeoutSeconds, input });
}
