import { API_GROUP } from '../../api/group.ts';
import {
  CLAIM_ANNOTATION,
  CLAIM_NAMESPACE_LABEL,
  CLAIM_UID_LABEL,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  OWNER_UID_LABEL,
  ROLE_LABEL,
} from '../../api/labels.ts';

/** Keeps a Job until its result was read. */
export const UNREAD_FINALIZER = `${API_GROUP}/unread`;

export type MoverRole = 'restore' | 'backup' | 'copy' | 'maintain';

/** Whom a mover works for. */
export interface MoverClient {
  readonly role: MoverRole;
  /** The user's claim. */
  readonly claim: { readonly namespace: string; readonly name: string; readonly uid: string };
  /** UID of the VolumeRestore or ProtectedVolume. */
  readonly ownerUid: string;
}

/** The labels of a Job, its pod and its Secret, and of what has the copy of a volume. */
export const moverLabels = ({ role, claim, ownerUid }: MoverClient): Readonly<Record<string, string>> => ({
  [MANAGED_BY_LABEL]: MANAGED_BY,
  [ROLE_LABEL]: role,
  [OWNER_UID_LABEL]: ownerUid,
  [CLAIM_NAMESPACE_LABEL]: claim.namespace,
  [CLAIM_UID_LABEL]: claim.uid,
});

export const moverAnnotations = ({ claim }: MoverClient): Readonly<Record<string, string>> => ({
  [CLAIM_ANNOTATION]: `${claim.namespace}/${claim.name}`,
});

/**
 * A proxy of a service mesh goes on when the mover has ended, so that its Job never does, or keeps it from the store before it
 * starts: Istio, Kuma, Linkerd.
 */
export const withoutMesh = {
  labels: { 'sidecar.istio.io/inject': 'false', 'kuma.io/sidecar-injection': 'disabled' },
  annotations: { 'sidecar.istio.io/inject': 'false', 'linkerd.io/inject': 'disabled' },
} as const;
