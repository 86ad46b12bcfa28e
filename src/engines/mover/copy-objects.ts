import { API_GROUP, MOVERS_NAMESPACE } from '../../api/group.ts';
import { copyName } from '../../domain/object-names.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { ownerReference } from '../../kube/model/kind.ts';
import { SELECTED_NODE_ANNOTATION } from '../../kube/model/placement.ts';
import { parseQuantity } from '../../kube/model/quantity.ts';
import {
  SNAPSHOT_PREFIX,
  type VolumeSnapshot,
  type VolumeSnapshotContent,
} from '../../kube/model/volume-snapshot-kinds.ts';
import type { RunPlan } from '../engine.ts';
import { type MoverClient, type MoverRole, moverAnnotations, moverLabels } from './job-labels.ts';

/** What a run's objects are made from. */
export type RunObjects = Omit<RunPlan, 'access'>;

/** On a run's first snapshot: the request for a backup now that it carries out. */
export const REQUEST_ANNOTATION = `${API_GROUP}/request`;

const BEING = new RegExp(`^${SNAPSHOT_PREFIX}volumesnapshot-being-`);

/** Whom a run works for, as one of its objects says it. */
export const clientOf = <Role extends MoverRole>(
  role: Role,
  { claim, volume }: Pick<RunObjects, 'claim' | 'volume'>,
): MoverClient & { readonly role: Role } => ({
  role,
  claim: { namespace: claim.metadata.namespace, name: claim.metadata.name, uid: claim.metadata.uid },
  ownerUid: ownerReference(volume).uid,
});

const copyMetadata = (plan: RunObjects) => ({
  name: copyName(plan.name),
  labels: moverLabels(clientOf('copy', plan)),
  annotations: moverAnnotations(clientOf('copy', plan)),
});

/** Builds the snapshot of the claim itself, the only thing of a run in the application's namespace. It goes with the claim's protection. */
export function buildFirstSnapshot(plan: RunObjects, snapshotClassName: string) {
  const { name, namespace, claim, volume, request } = plan;
  const client = clientOf('backup', plan);
  return {
    metadata: {
      name,
      namespace,
      labels: moverLabels(client),
      annotations: { ...moverAnnotations(client), ...(request === undefined ? {} : { [REQUEST_ANNOTATION]: request }) },
      ownerReferences: [ownerReference(volume)],
    },
    spec: {
      volumeSnapshotClassName: snapshotClassName,
      source: { persistentVolumeClaimName: claim.metadata.name },
    },
  };
}

/**
 * Builds the content by which the movers' namespace has the same snapshot of the storage. Whoever removes it leaves the storage's
 * snapshot to the first content. Its own controller's label and annotations (which controller of several looks after it, with which
 * secrets) are those of the first.
 */
export function buildCopyContent(plan: RunObjects, first: VolumeSnapshotContent, snapshotHandle: string) {
  const { driver, volumeSnapshotClassName, sourceVolumeMode } = first.spec;
  const ofSnapshots = (map: Readonly<Record<string, string>> | undefined) =>
    Object.entries(map ?? {}).filter(([key]) => key.startsWith(SNAPSHOT_PREFIX) && !BEING.test(key));
  const { name, labels, annotations } = copyMetadata(plan);
  return {
    metadata: {
      name,
      labels: { ...Object.fromEntries(ofSnapshots(first.metadata.labels)), ...labels },
      annotations: { ...Object.fromEntries(ofSnapshots(first.metadata.annotations)), ...annotations },
    },
    spec: {
      deletionPolicy: 'Retain',
      driver,
      source: { snapshotHandle },
      ...(sourceVolumeMode === undefined ? {} : { sourceVolumeMode }),
      ...(volumeSnapshotClassName === undefined ? {} : { volumeSnapshotClassName }),
      volumeSnapshotRef: { namespace: MOVERS_NAMESPACE, name },
    },
  };
}

/** Builds the snapshot among the movers that a volume can be made from. */
export function buildCopySnapshot(plan: RunObjects, first: VolumeSnapshotContent) {
  const { volumeSnapshotClassName } = first.spec;
  const metadata = copyMetadata(plan);
  return {
    metadata: { ...metadata, namespace: MOVERS_NAMESPACE },
    spec: {
      ...(volumeSnapshotClassName === undefined ? {} : { volumeSnapshotClassName }),
      source: { volumeSnapshotContentName: metadata.name },
    },
  };
}

/**
 * Builds the claim that gets a volume with the copy, of the claim's own class and modes.
 *
 * @param first the claim's snapshot: the volume is exactly as large as it says, since some drivers make no other; where it says
 * nothing, as large as the claim's own.
 * @param node that the volume is to be usable from, for classes that wait for one: it is made at once then, and a new one.
 */
export function buildCopyClaim(plan: RunObjects, first: VolumeSnapshot, node: string | undefined) {
  const { accessModes, storageClassName, volumeMode, volumeAttributesClassName } = plan.claim.spec;
  const metadata = copyMetadata(plan);
  return {
    metadata: {
      ...metadata,
      namespace: MOVERS_NAMESPACE,
      annotations: { ...metadata.annotations, ...(node === undefined ? {} : { [SELECTED_NODE_ANNOTATION]: node }) },
    },
    spec: {
      accessModes,
      resources: { requests: { storage: sizeOf(plan.claim, first) } },
      dataSource: { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: metadata.name },
      ...(storageClassName === undefined ? {} : { storageClassName }),
      ...(volumeMode === undefined ? {} : { volumeMode }),
      ...(volumeAttributesClassName === undefined ? {} : { volumeAttributesClassName }),
    },
  };
}

function sizeOf({ status, spec }: PersistentVolumeClaim, first: VolumeSnapshot): string {
  const restoreSize = first.status?.restoreSize ?? '0';
  const isKnown = (parseQuantity(restoreSize) ?? 0) > 0;
  return isKnown ? restoreSize : (status?.capacity?.['storage'] ?? spec.resources?.requests?.['storage'] ?? '0');
}
