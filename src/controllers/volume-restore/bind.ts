import { API_GROUP } from '../../api/group.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import {
  type PersistentVolume,
  persistentVolumes,
  type PersistentVolumeClaim,
} from '../../kube/model/built-in-kinds.ts';
import type { ObjectClient } from '../context.ts';

/** On a volume that a restore filled: which snapshot it holds, or `blank`. */
const RESTORED_FROM_ANNOTATION = `${API_GROUP}/restored-from`;
/** On a volume that a restore filled: the UID of the claim that it was filled for. */
const RESTORED_FOR_ANNOTATION = `${API_GROUP}/restored-for`;

export type HandOver =
  /** The volume names the user's claim; the volume controller binds the two. */
  | { readonly kind: 'handedOver'; readonly volumeName: string }
  /** The prime claim has no volume any more that could be handed over. */
  | { readonly kind: 'lost'; readonly message: string };

/**
 * Gives the prime claim's volume to the user's claim by naming it in the volume's claimRef. Safe to repeat: a volume that
 * names the claim already is left alone, and one that names anybody else, or is about to be destroyed, is not touched.
 */
export async function handOverVolume(
  client: ObjectClient,
  restore: VolumeRestore,
  prime: PersistentVolumeClaim,
  claim: PersistentVolumeClaim,
): Promise<HandOver> {
  const volumeName = prime.spec.volumeName ?? '';
  const volume = await client.get(persistentVolumes, { name: volumeName });
  const holder = volume?.spec.claimRef?.uid;
  if (volume === undefined || holder === undefined) {
    return { kind: 'lost', message: `volume ${volumeName} of the prime claim is gone or free` };
  }
  if (holder === claim.metadata.uid) return { kind: 'handedOver', volumeName };
  if (holder !== prime.metadata.uid) {
    return { kind: 'lost', message: `volume ${volumeName} belongs to another claim (UID ${holder})` };
  }
  if (isEnding(volume)) return { kind: 'lost', message: `volume ${volumeName} of the prime claim is being destroyed` };
  await client.mergePatch(
    persistentVolumes,
    { name: volumeName },
    {
      metadata: {
        resourceVersion: volume.metadata.resourceVersion,
        annotations: {
          [RESTORED_FROM_ANNOTATION]: restore.status?.snapshot?.id ?? 'blank',
          [RESTORED_FOR_ANNOTATION]: claim.metadata.uid,
        },
      },
      spec: { claimRef: claimReference(claim) },
    },
  );
  return { kind: 'handedOver', volumeName };
}

/** A released volume is destroyed by whoever provisioned it, unless its reclaim policy keeps it. */
const isEnding = ({ metadata, status }: PersistentVolume): boolean =>
  metadata.deletionTimestamp !== undefined || status?.phase === 'Released' || status?.phase === 'Failed';

/**
 * What the volume of a bound claim was filled with: a snapshot's id, or `blank`; absent when it is not one that was handed
 * over to this very claim, which happens only after a proof.
 */
export async function restoredContent(client: ObjectClient, claim: PersistentVolumeClaim): Promise<string | undefined> {
  const { volumeName } = claim.spec;
  if (volumeName === undefined) return undefined;
  const volume = await client.get(persistentVolumes, { name: volumeName });
  const annotations = volume?.metadata.annotations ?? {};
  return annotations[RESTORED_FOR_ANNOTATION] === claim.metadata.uid
    ? annotations[RESTORED_FROM_ANNOTATION]
    : undefined;
}

/** `resourceVersion: null` drops the one that the prime claim left there. */
function claimReference(claim: PersistentVolumeClaim) {
  const { namespace, name, uid } = claim.metadata;
  return { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace, name, uid, resourceVersion: null };
}
