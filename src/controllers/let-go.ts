import { FORMER_POLICY_ANNOTATION, nextLetGoStep } from '../domain/letting-go.ts';
import type { ObjectRef } from '../kube/model/kind.ts';
import { persistentVolumeClaims, persistentVolumes, type PersistentVolume } from '../kube/model/built-in-kinds.ts';
import type { ObjectClient } from './context.ts';

/** The default where a volume was made without one. */
const DEFAULT_POLICY = 'Retain';

/** The volume controller sees within a second, as a rule, that a claim is gone. */
export const RELEASE_LOOK_MILLISECONDS = 1_000;

/** A prime claim that took a volume which is not its own. */
export interface WrongPrime extends ObjectRef {
  readonly uid: string;
}

/**
 * Takes the next steps towards a volume that is Available again, with its files. True once it names the prime claim no
 * more. Safe to repeat, and to go on with after a restart.
 */
export async function letGo(client: ObjectClient, volume: PersistentVolume, prime: WrongPrime): Promise<boolean> {
  const { metadata, spec, status } = volume;
  const formerReclaimPolicy = metadata.annotations?.[FORMER_POLICY_ANNOTATION];
  const reclaimPolicy = spec.persistentVolumeReclaimPolicy ?? DEFAULT_POLICY;
  const facts = { reclaimPolicy, formerReclaimPolicy, claimUID: spec.claimRef?.uid, phase: status?.phase };
  switch (nextLetGoStep(facts, prime.uid)) {
    case 'retain':
      return await letGo(client, await retain(client, volume, formerReclaimPolicy ?? reclaimPolicy), prime);
    case 'release':
      await client.delete(persistentVolumeClaims, prime, { preconditions: { uid: prime.uid } });
      return false;
    case 'free':
      await free(client, volume, formerReclaimPolicy ?? reclaimPolicy);
      return true;
    case 'done':
      return true;
  }
}

/** Lets nothing happen to the files of a volume, whatever becomes of its claim. Safe to repeat. */
export async function keepFiles(client: ObjectClient, volume: PersistentVolume): Promise<void> {
  const { metadata, spec } = volume;
  const reclaimPolicy = spec.persistentVolumeReclaimPolicy ?? DEFAULT_POLICY;
  if (reclaimPolicy !== 'Retain') {
    await retain(client, volume, metadata.annotations?.[FORMER_POLICY_ANNOTATION] ?? reclaimPolicy);
  }
}

/** Gives a volume the reclaim policy back that it had before `keepFiles`. */
export async function forgoFiles(client: ObjectClient, { metadata }: PersistentVolume): Promise<void> {
  const { name, resourceVersion, annotations } = metadata;
  const former = annotations?.[FORMER_POLICY_ANNOTATION];
  if (former === undefined) return;
  await client.mergePatch(
    persistentVolumes,
    { name },
    {
      metadata: { resourceVersion, annotations: { [FORMER_POLICY_ANNOTATION]: null } },
      spec: { persistentVolumeReclaimPolicy: former },
    },
  );
}

async function retain(
  client: ObjectClient,
  { metadata: { name, resourceVersion } }: PersistentVolume,
  formerPolicy: string,
): Promise<PersistentVolume> {
  return await client.mergePatch(
    persistentVolumes,
    { name },
    {
      metadata: { resourceVersion, annotations: { [FORMER_POLICY_ANNOTATION]: formerPolicy } },
      spec: { persistentVolumeReclaimPolicy: 'Retain' },
    },
  );
}

async function free(
  client: ObjectClient,
  { metadata: { name, resourceVersion } }: PersistentVolume,
  policy: string,
): Promise<void> {
  const annotations = { [FORMER_POLICY_ANNOTATION]: null, 'pv.kubernetes.io/bound-by-controller': null };
  await client.mergePatch(
    persistentVolumes,
    { name },
    {
      metadata: { resourceVersion, annotations },
      spec: { claimRef: null, persistentVolumeReclaimPolicy: policy },
    },
  );
}
