import { CLAIM_UID_LABEL, LOOK_ROLE, MANAGED_BY, MANAGED_BY_LABEL, ROLE_LABEL } from '../../api/labels.ts';
import type { MoverUser } from '../../api/snapshot.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { CREATED_BY_LABEL } from '../../domain/helper-claims.ts';
import { lookPodName } from '../../domain/object-names.ts';
import { readingMoverSecurityContext } from '../../engines/volsync/mover-security.ts';
import { ownerReference } from '../../kube/model/kind.ts';
import type { PersistentVolumeClaim, Pod } from '../../kube/model/built-in-kinds.ts';
import type { OwnImage } from '../context.ts';

export const LOOK_CONTAINER = 'look';
const FOLDER = '/data';
/** A proxy beside it would go on after it has ended, and keep the volume. */
const withoutProxies = { 'linkerd.io/inject': 'disabled', 'sidecar.istio.io/inject': 'false' };

/** Where a pod must run, as it says itself. */
export type Placement = Pick<Pod['spec'], 'nodeSelector' | 'affinity' | 'tolerations'>;

export interface LookPlan {
  readonly restore: VolumeRestore;
  readonly prime: PersistentVolumeClaim;
  /** Whoever the mover will be. */
  readonly moverUser: MoverUser;
  readonly image: OwnImage;
  readonly placement: Placement;
}

/**
 * Builds the pod that reads the names at the top of a prime claim's volume, as whoever the mover will be. It can change
 * nothing there, and no fsGroup lets the kubelet do so. VolSync sends a mover to the node of a pod that uses its claim, and
 * fails on one that has no node yet, but passes over pods with the label of its own (internal/controller/utils/affinity.go,
 * v0.14): the mover is prepared at the same time.
 */
export function buildLookPod({ restore, prime, moverUser, image, placement }: LookPlan) {
  return {
    metadata: {
      name: lookPodName(prime.metadata.uid),
      namespace: prime.metadata.namespace,
      labels: {
        [MANAGED_BY_LABEL]: MANAGED_BY,
        [ROLE_LABEL]: LOOK_ROLE,
        [CLAIM_UID_LABEL]: restore.spec.claimUID,
        [CREATED_BY_LABEL]: 'volsync',
      },
      annotations: withoutProxies,
      ownerReferences: [ownerReference(restore)],
    },
    spec: {
      ...placement,
      restartPolicy: 'Never',
      // A claim that is given up can't go before it.
      terminationGracePeriodSeconds: 1,
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: {
        runAsNonRoot: moverUser.runAsUser !== 0,
        ...(readingMoverSecurityContext(moverUser, false) ?? { seccompProfile: { type: 'RuntimeDefault' } }),
      },
      containers: [container(image)],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: prime.metadata.name } }],
    },
  };
}

const container = ({ image, imagePullPolicy }: OwnImage) => ({
  name: LOOK_CONTAINER,
  image,
  ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
  command: ['/nodejs/bin/node', '/app/rebound.mjs'],
  args: ['look', FOLDER],
  resources: { requests: { cpu: '10m', memory: '64Mi' }, limits: { memory: '256Mi' } },
  securityContext: { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } },
  volumeMounts: [{ name: 'data', mountPath: FOLDER, readOnly: true }],
});
