import type { KubeObject } from '../../../src/kube/model/kind.ts';
import { claimManifest, type ClaimOptions } from './claim-manifest.ts';
import type { Workspace } from './workspace.ts';

/** What kubectl printed. */
interface Printed {
  readonly stdout: string;
  readonly stderr: string;
}

/** Gives a claim's manifest to kubectl: `apply`, `create`, with the flags that a tool uses. @throws Error when that fails. */
export async function giveClaim(
  { cluster, namespace }: Workspace,
  name: string,
  options: ClaimOptions,
  words: readonly string[],
): Promise<Printed> {
  const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', ...claimManifest(name, options) };
  const { exitCode, stdout, stderr } = await cluster.tryKubectl(
    ['-n', namespace, ...words, '-f', '-'],
    JSON.stringify(claim),
  );
  if (exitCode !== 0) throw new Error(`kubectl ${words.join(' ')} failed: ${stderr}`);
  return { stdout: stdout.trim(), stderr };
}

/** What must not change by a manifest that is given again: an object's identity, and its version if nothing was written. */
export const versionOf = ({ metadata: { uid, resourceVersion } }: KubeObject) => ({ uid, resourceVersion });
