import type { VolumeRestore } from '../../../src/api/volume-restore.ts';
import { volumeRestores } from '../../../src/api/resource-kinds.ts';
import type { Workspace } from './workspace.ts';

export type RestorePhase = NonNullable<NonNullable<VolumeRestore['status']>['phase']>;

/** The restore of the claim that has the name now; undefined when there is none. */
export async function restoreOf(workspace: Workspace, claimName: string): Promise<VolumeRestore | undefined> {
  const { uid } = (await workspace.claim(claimName)).metadata;
  const restores = await workspace.client.list(volumeRestores, { namespace: workspace.namespace });
  return restores.find(({ spec }) => spec.claimUID === uid);
}

/** Waits until the restore of a claim is at a step, or past it. */
export function untilRestore(workspace: Workspace, claimName: string, phase: RestorePhase): Promise<VolumeRestore> {
  const look = async () => {
    const restore = await restoreOf(workspace, claimName);
    return restore?.status?.phase !== undefined && isAtOrPast(restore.status.phase, phase) ? restore : undefined;
  };
  return workspace.eventually(`the restore of claim ${claimName} to be ${phase}`, look);
}

const order: readonly RestorePhase[] = ['Probing', 'Provisioning', 'Restoring', 'Proven', 'Binding', 'Completed'];

const isAtOrPast = (phase: RestorePhase, target: RestorePhase): boolean =>
  order.indexOf(phase) >= order.indexOf(target);

/**
 * Watches the restores of the namespace from now on, and calls back within milliseconds of the first that reaches a
 * step. Resolves to the step it was seen at, which is a later one if the API server never told of the step itself.
 */
export async function watchForStep(
  workspace: Workspace,
  phase: RestorePhase,
  onReached: (restore: VolumeRestore) => void,
): Promise<{ readonly reached: Promise<RestorePhase> }> {
  const { namespace, client } = workspace;
  const { resourceVersion } = await client.listPage(volumeRestores, { namespace, limit: 1 });
  const abort = new AbortController();
  const request = { namespace, resourceVersion, timeoutSeconds: 120 };
  const follow = async (): Promise<RestorePhase> => {
    for await (const { type, object } of client.watch(volumeRestores, request, { signal: abort.signal })) {
      if (type === 'BOOKMARK' || type === 'DELETED') continue;
      const restore = volumeRestores.parse(object);
      const at = restore.status?.phase;
      if (at === undefined || !isAtOrPast(at, phase)) continue;
      onReached(restore);
      abort.abort();
      return at;
    }
    throw new Error(`no restore in ${namespace} reached ${phase}`);
  };
  return { reached: follow() };
}
