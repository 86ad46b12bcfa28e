import { randomBytes } from 'node:crypto';

import { BACKUP_NOW_ANNOTATION } from '../../../src/api/labels.ts';
import type { ProtectedVolume, ProtectionPhase } from '../../../src/api/protected-volume.ts';
import type { SnapshotReference } from '../../../src/api/snapshot.ts';
import { persistentVolumeClaims } from '../../../src/kube/model/built-in-kinds.ts';
import { protectedVolumes } from '../../../src/api/resource-kinds.ts';
import type { Workspace } from './workspace.ts';

export const protectionOf = (workspace: Workspace, claimName: string): Promise<ProtectedVolume | undefined> =>
  workspace.client.get(protectedVolumes, { namespace: workspace.namespace, name: claimName });

/** Waits until a claim's protection is in a phase, for a reason if given. */
export function untilProtection(
  workspace: Workspace,
  claimName: string,
  phase: ProtectionPhase,
  reason?: string,
): Promise<ProtectedVolume> {
  const look = async () => {
    const volume = await protectionOf(workspace, claimName);
    const { uid } = (await workspace.claim(claimName)).metadata;
    if (volume?.status?.phase !== phase || volume.status.claimUID !== uid) return undefined;
    const ready = volume.status.conditions?.find(({ type }) => type === 'Ready');
    return reason === undefined || ready?.reason === reason ? volume : undefined;
  };
  return workspace.eventually(`claim ${claimName} to be ${phase}${reason === undefined ? '' : `/${reason}`}`, look);
}

export async function annotate(
  workspace: Workspace,
  claimName: string,
  annotations: Readonly<Record<string, string | null>>,
): Promise<void> {
  const ref = { namespace: workspace.namespace, name: claimName };
  await workspace.client.mergePatch(persistentVolumeClaims, ref, { metadata: { annotations } });
}

/** Asks for a backup, as a user would. Returns what tells this request from others. */
export async function requestBackup(workspace: Workspace, claimName: string): Promise<string> {
  const request = randomBytes(4).toString('hex');
  await annotate(workspace, claimName, { [BACKUP_NOW_ANNOTATION]: request });
  return request;
}

/** Waits until a request was carried out and judged. */
export function untilCarriedOut(workspace: Workspace, claimName: string, request: string): Promise<ProtectedVolume> {
  return workspace.eventually(`the backup of claim ${claimName} that was asked for`, async () => {
    const volume = await protectionOf(workspace, claimName);
    return volume?.status?.lastBackupRequest === request ? volume : undefined;
  });
}

/** Asks for a backup and waits until it was carried out and judged. */
export async function backUpNow(workspace: Workspace, claimName: string): Promise<ProtectedVolume> {
  return untilCarriedOut(workspace, claimName, await requestBackup(workspace, claimName));
}

/** Backs a claim up with what it holds now, and waits until it is protected. */
export async function protect(workspace: Workspace, claimName: string): Promise<SnapshotReference> {
  await backUpNow(workspace, claimName);
  const { status } = await untilProtection(workspace, claimName, 'Protected');
  if (status?.lastBackup === undefined) throw new Error(`claim ${claimName} is protected without a backup`);
  return status.lastBackup;
}
