import type { LookReport } from '../../domain/look-report.ts';
import { persistentVolumeClaims, persistentVolumes } from '../../kube/model/built-in-kinds.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { refuseFull } from './look-into.ts';
import { engineOf, type PrimedScene, type Stop, type Tools } from './scene.ts';
import { recordProgress } from './status.ts';

/** Whether somebody has seen what the volume held: until then a prime claim is not let go. */
export const wasSeen = (tools: Tools, { restore, prime }: PrimedScene): boolean =>
  !engineOf(tools, restore).looksItself || restore.status?.filledPrime?.claimUID === prime.metadata.uid;

/** There is nothing to restore any more: a volume that stays blank is made beside the claim, where a pod of ours can look into it. */
export async function giveUpPrime(tools: Tools, { restore, prime }: PrimedScene): Promise<Stop> {
  const { client } = tools.context;
  const attempt = restore.status?.attempts;
  if (attempt !== undefined) await engineOf(tools, restore).discard({ restore, attempt });
  await client.delete(persistentVolumeClaims, prime.metadata, { preconditions: { uid: prime.metadata.uid } });
  const { engine: _engine, primeClaimUID: _prime, clearedPrime: _cleared, ...status } = restore.status ?? {};
  const anew = { ...restore, status };
  await recordProgress(tools.context, anew, { reason: 'Provisioning', message: 'The claim gets a blank volume.' });
  return { result: requeueAfter(0) };
}

/** A mover that looks for itself has found the volume empty: from now on what it holds is this restore's. */
export async function recordFilled(tools: Tools, scene: PrimedScene, attempt: number): Promise<PrimedScene> {
  const { restore, prime } = scene;
  const { uid: claimUID } = prime.metadata;
  if (!engineOf(tools, restore).looksItself || restore.status?.filledPrime?.claimUID === claimUID) return scene;
  const message = `The mover has found the new volume empty, and fills it (attempt ${attempt}).`;
  const status = { filledPrime: { claimUID, attempt } };
  return { ...scene, restore: await recordProgress(tools.context, restore, { status, reason: 'Restoring', message }) };
}

/** Somebody's files are in the volume that was made for the restore: they stay. */
export async function refuseFilled(tools: Tools, scene: PrimedScene, report: LookReport): Promise<Stop> {
  const { volumeName = '' } = scene.prime.spec;
  const volume = await tools.context.client.get(persistentVolumes, { name: volumeName });
  return await refuseFull(tools, scene, volume, report);
}
