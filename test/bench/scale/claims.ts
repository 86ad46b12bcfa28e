import { API_GROUP, API_GROUP_VERSION } from '../../../src/api/group.ts';
import {
  DECISION_ANNOTATION,
  DECISION_REASON_ANNOTATION,
  DECISION_TOKEN_ANNOTATION,
  MANAGED_BY,
  MANAGED_BY_LABEL,
  TIER_LABEL,
} from '../../../src/api/labels.ts';
import { creation, type LoadRequest, mergePatch } from '../world/api-load.ts';

/** Names one of the world's claims. */
export interface ClaimName {
  readonly index: number;
  readonly namespace: string;
  readonly name: string;
}

const claimsPerNamespace = 100;

export const namespaceName = (index: number): string => `team-${String(index).padStart(3, '0')}`;

export function claimNames(count: number): ClaimName[] {
  return Array.from({ length: count }, (_, index) => ({
    index,
    namespace: namespaceName(Math.floor(index / claimsPerNamespace)),
    name: `data-app-${String(index).padStart(5, '0')}`,
  }));
}

export function namespaceNames(claims: readonly ClaimName[]): string[] {
  return [...new Set(claims.map(({ namespace }) => namespace))];
}

/** Every other claim came back by a restore; the others were fresh. */
export const isRestored = ({ index }: ClaimName): boolean => index % 2 === 1;

const restoreName = ({ name }: ClaimName): string => `rebound-${name}`;
const collection = ({ namespace }: ClaimName, plural: string): string => `/api/v1/namespaces/${namespace}/${plural}`;
const restores = ({ namespace }: ClaimName): string =>
  `/apis/${API_GROUP_VERSION}/namespaces/${namespace}/volumerestores`;

/** A claim as it is after admission and binding. */
export function claimCreation(claim: ClaimName): LoadRequest {
  const { namespace, name } = claim;
  const source = { apiGroup: API_GROUP, kind: 'VolumeRestore', name: restoreName(claim) };
  return creation(collection(claim, 'persistentvolumeclaims'), {
    metadata: {
      name,
      labels: { [TIER_LABEL]: 'hourly', app: name, 'app.kubernetes.io/instance': name },
      annotations: {
        [DECISION_ANNOTATION]: isRestored(claim) ? 'restore' : 'fresh',
        [DECISION_REASON_ANNOTATION]: 'The destination holds no backup of this claim.',
        [DECISION_TOKEN_ANNOTATION]: `${namespace}/${name}@2026-01-05T06:07:08Z`,
        'pv.kubernetes.io/bind-completed': 'yes',
        'pv.kubernetes.io/bound-by-controller': 'yes',
        'volume.kubernetes.io/storage-provisioner': 'csi.example.com',
      },
    },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName: 'fast',
      volumeName: `pvc-${name}`,
      resources: { requests: { storage: '10Gi' } },
      ...(isRestored(claim) ? { dataSourceRef: source } : {}),
    },
  });
}

/** What the volume controller says once the claim is bound. */
export const claimBinding = (claim: ClaimName): LoadRequest =>
  mergePatch(`${collection(claim, 'persistentvolumeclaims')}/${claim.name}/status`, {
    status: { phase: 'Bound', accessModes: ['ReadWriteOnce'], capacity: { storage: '10Gi' } },
  });

/** The application that mounts the claim. */
export const podCreation = (claim: ClaimName): LoadRequest =>
  creation(collection(claim, 'pods'), {
    metadata: { name: `app-${claim.name}`, labels: { app: claim.name, 'app.kubernetes.io/instance': claim.name } },
    spec: {
      nodeName: `node-${claim.index % 100}`,
      securityContext: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, runAsNonRoot: true },
      containers: [
        {
          name: 'app',
          image: 'registry.example.com/team/app:1.2.3',
          env: [{ name: 'DATA_FOLDER', value: '/data' }],
          resources: { requests: { cpu: '50m', memory: '64Mi' } },
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [
        { name: 'data', persistentVolumeClaim: { claimName: claim.name } },
        { name: 'scratch', emptyDir: {} },
      ],
    },
  });

/** What the kubelet says once the pod runs; backups begin only then. */
export const podStart = (claim: ClaimName): LoadRequest =>
  mergePatch(`${collection(claim, 'pods')}/app-${claim.name}/status`, { status: { phase: 'Running' } });

/** The completed restore of a claim; it lives as long as the claim does. */
export const restoreCreation = (claim: ClaimName, uid: string): LoadRequest =>
  creation(restores(claim), {
    apiVersion: API_GROUP_VERSION,
    kind: 'VolumeRestore',
    metadata: {
      name: restoreName(claim),
      labels: { [MANAGED_BY_LABEL]: MANAGED_BY },
      ownerReferences: [
        {
          apiVersion: 'v1',
          kind: 'PersistentVolumeClaim',
          name: claim.name,
          uid,
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    },
    spec: { claimName: claim.name, claimUID: uid, policyName: 'hourly', restore: 'latest' },
  });

export function restoreCompletion(claim: ClaimName): LoadRequest {
  const time = '2026-01-05T06:07:08Z';
  const snapshot = {
    id: claim.index.toString(16).padStart(64, '5'),
    time,
    sizeBytes: 274_726_912,
    files: 1_002,
    directories: 12,
  };
  const message = `Bound with snapshot ${snapshot.id.slice(0, 8)} of ${time} restored and proven.`;
  const condition = (type: string, status: string) => ({
    type,
    status,
    reason: 'Completed',
    message,
    lastTransitionTime: time,
  });
  return mergePatch(`${restores(claim)}/${restoreName(claim)}/status`, {
    status: {
      phase: 'Completed',
      attempts: 1,
      snapshot,
      restored: { snapshotId: snapshot.id, files: 1_014, sizeBytes: snapshot.sizeBytes },
      provenTime: time,
      completionTime: time,
      volumeName: `pvc-${claim.name}`,
      moverUser: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
      conditions: [condition('Ready', 'True'), condition('Reconciling', 'False'), condition('Stalled', 'False')],
    },
  });
}
