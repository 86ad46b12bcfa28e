import type { KubeObject, ObjectMetadata, ResourceKind } from '../../../src/kube/model/kind.ts';
import { objectKey } from '../../../src/kube/model/kind.ts';
import {
  jobs,
  persistentVolumeClaims,
  type PersistentVolume,
  type PersistentVolumeClaim,
  persistentVolumes,
  pods,
  type Pod,
  secrets,
  storageClasses,
} from '../../../src/kube/model/built-in-kinds.ts';
import { LOOK_ROLE, ROLE_LABEL } from '../../../src/api/labels.ts';
import { protectedVolumes, volumeRestores } from '../../../src/api/resource-kinds.ts';
import { replicationDestinations, replicationSources } from '../../../src/engines/volsync/kinds.ts';
import { SELECTED_NODE_ANNOTATION } from '../../../src/kube/model/placement.ts';
import { type ApiServer, PVC_PROTECTION } from './api-server.ts';
import { childOf } from './json.ts';

/** What a volume holds. */
export interface Content {
  /** The snapshot that it came from, whatever was written since; absent when it never held one. */
  readonly snapshotId?: string | undefined;
  /** Files and directories. */
  readonly files: number;
  readonly sizeBytes: number;
  /** False when a restore was broken off, or brought back less than there was. */
  readonly complete: boolean;
}

export const blank: Content = { files: 0, sizeBytes: 0, complete: true };

const ownedKinds: readonly ResourceKind[] = [
  volumeRestores,
  protectedVolumes,
  replicationDestinations,
  replicationSources,
  secrets,
  persistentVolumeClaims,
  jobs,
  pods,
];

/** What Kubernetes' own controllers, the scheduler and a provisioner do, one pass at a time. */
export class Cluster {
  /** What the volumes hold, by name. */
  readonly contents = new Map<string, Content>();
  /** What a new volume holds: some provisioners hand out folders that they have handed out before. */
  newVolumeContent = blank;
  /** Called when a volume is handed out with files in it. */
  onUsedVolume: ((name: string) => void) | undefined;
  readonly #server: ApiServer;
  #volumesMade = 0;

  constructor(server: ApiServer) {
    this.#server = server;
  }

  readonly passes = {
    provision: () => this.provision(),
    bind: () => this.bind(),
    protect: () => this.protect(),
    reclaim: () => this.reclaim(),
    collect: () => this.collect(),
    schedule: () => this.schedule(),
  };

  /** The volume that a claim is bound to. */
  volumeOf(claim: PersistentVolumeClaim): PersistentVolume | undefined {
    const { volumeName } = claim.spec;
    return volumeName === undefined ? undefined : this.#server.get(persistentVolumes, { name: volumeName });
  }

  contentOf(claim: PersistentVolumeClaim): Content | undefined {
    return claim.spec.volumeName === undefined ? undefined : this.contents.get(claim.spec.volumeName);
  }

  /**
   * Gives volumes to claims that nothing else fills. The volume controller does not ask whether a claim is being deleted
   * (pv_controller.go, syncUnboundClaim, 1.34).
   */
  provision(): void {
    for (const claim of this.#server.list(persistentVolumeClaims)) {
      const { spec, metadata } = claim;
      if (spec.volumeName !== undefined || spec.dataSourceRef !== undefined || !this.#hasNode(claim)) continue;
      const free = this.#waitsForPod(claim) ? undefined : this.#takeVolume(metadata);
      if (free !== undefined) this.#bindTo(claim, free);
      else if (metadata.deletionTimestamp === undefined) this.#bindTo(claim, this.#provisionVolume(metadata));
    }
  }

  /** A free volume goes before a new one; the volume controller says that it was its choice. */
  #takeVolume({ namespace, name, uid }: ObjectMetadata): string | undefined {
    const free = this.#server.list(persistentVolumes).find(({ status }) => status?.phase === 'Available');
    if (free === undefined) return undefined;
    this.#server.change(persistentVolumes, free.metadata, (object) => {
      childOf(childOf(object, 'metadata'), 'annotations')['pv.kubernetes.io/bound-by-controller'] = 'yes';
      childOf(object, 'spec')['claimRef'] = { namespace: namespace ?? '', name, uid: uid ?? '' };
    });
    return free.metadata.name;
  }

  #provisionVolume(claim: ObjectMetadata): string {
    const name = this.makeVolume(claim, this.newVolumeContent);
    if (this.newVolumeContent.files > 0) this.onUsedVolume?.(name);
    return name;
  }

  /** Makes a volume for a claim, as a provisioner does. */
  makeVolume({ namespace, name, uid }: ObjectMetadata, content: Content): string {
    const volumeName = this.#nameVolume(content);
    this.#server.create(persistentVolumes, {
      metadata: { name: volumeName, annotations: { 'pv.kubernetes.io/provisioned-by': 'csi.example' } },
      spec: { claimRef: { namespace, name, uid }, persistentVolumeReclaimPolicy: 'Delete' },
    });
    this.#setPhase(volumeName, 'Bound');
    return volumeName;
  }

  /** Somebody makes a volume by hand, which any claim may take. */
  offerVolume(content: Content, reclaimPolicy = 'Delete', annotations: Readonly<Record<string, string>> = {}): string {
    const volumeName = this.#nameVolume(content);
    this.#server.create(persistentVolumes, {
      metadata: { name: volumeName, annotations },
      spec: {
        storageClassName: 'fast',
        capacity: { storage: '10Gi' },
        accessModes: ['ReadWriteOnce'],
        persistentVolumeReclaimPolicy: reclaimPolicy,
      },
    });
    this.#setPhase(volumeName, 'Available');
    return volumeName;
  }

  #nameVolume(content: Content): string {
    this.#volumesMade += 1;
    const volumeName = `pv-${this.#volumesMade}`;
    this.contents.set(volumeName, content);
    return volumeName;
  }

  /** Binds claims to the volumes that name them; volumes whose claim is gone are released, claims without theirs lost. */
  bind(): void {
    for (const volume of this.#server.list(persistentVolumes)) this.#syncVolume(volume);
    for (const claim of this.#server.list(persistentVolumeClaims)) {
      if (claim.spec.volumeName === undefined) continue;
      if (this.volumeOf(claim)?.spec.claimRef?.uid === claim.metadata.uid) continue;
      this.#server.change(persistentVolumeClaims, claim.metadata, (object) => {
        childOf(object, 'status')['phase'] = 'Lost';
      });
    }
  }

  #syncVolume(volume: PersistentVolume): void {
    const { claimRef } = volume.spec;
    if (claimRef === undefined) {
      if (volume.status?.phase !== 'Available') this.#setPhase(volume.metadata.name, 'Available');
      return;
    }
    const claim = this.#server.get(persistentVolumeClaims, {
      namespace: claimRef.namespace,
      name: claimRef.name ?? '',
    });
    const { name } = volume.metadata;
    if (claim === undefined || claim.metadata.uid !== claimRef.uid) this.#setPhase(name, 'Released');
    else if (claim.spec.volumeName === undefined || claim.spec.volumeName === name) this.#bindTo(claim, name);
    // The claim got bound elsewhere.
    else this.#setPhase(name, 'Released');
  }

  /** Lets go of deleted claims that no live pod mounts. */
  protect(): void {
    for (const claim of this.#server.list(persistentVolumeClaims)) {
      if (claim.metadata.deletionTimestamp === undefined || this.#livePodsOf(claim).length > 0) continue;
      this.#server.change(persistentVolumeClaims, claim.metadata, (object) => {
        const others = claim.metadata.finalizers?.filter((one) => one !== PVC_PROTECTION) ?? [];
        childOf(object, 'metadata')['finalizers'] = others;
      });
    }
  }

  /** Destroys released volumes, or what they hold, as their policies say. */
  reclaim(): void {
    for (const { metadata, spec, status } of this.#server.list(persistentVolumes)) {
      // What names no claim any more becomes Available.
      if (status?.phase !== 'Released' || spec.claimRef === undefined) continue;
      if (spec.persistentVolumeReclaimPolicy === 'Delete') this.destroyVolume(metadata.name);
      if (spec.persistentVolumeReclaimPolicy === 'Recycle') this.#recycle(metadata.name);
    }
  }

  #recycle(name: string): void {
    this.contents.set(name, blank);
    this.#server.change(persistentVolumes, { name }, (object) => {
      Reflect.deleteProperty(childOf(object, 'spec'), 'claimRef');
    });
    this.#setPhase(name, 'Available');
  }

  destroyVolume(name: string): void {
    this.#server.delete(persistentVolumes, { name });
    this.contents.delete(name);
  }

  /** Deletes what nobody owns any more. */
  collect(): void {
    for (const kind of ownedKinds) {
      for (const { metadata } of this.#server.list(kind)) {
        const owners = metadata.ownerReferences ?? [];
        const isOrphan = owners.length > 0 && owners.every((owner) => !this.#server.isAlive(owner.uid));
        if (isOrphan) this.#server.delete(kind, metadata);
      }
    }
  }

  /** Chooses nodes for claims whose pods wait for them, and starts pods whose claims are bound. */
  schedule(): void {
    for (const pod of this.#server.list(pods)) {
      if ((pod.status?.phase ?? 'Pending') !== 'Pending') continue;
      const claims = this.#claimsOf(pod);
      for (const claim of claims) this.#chooseNode(claim);
      const isReady = claims.every(
        (claim) => claim?.status?.phase === 'Bound' && claim.metadata.deletionTimestamp === undefined,
      );
      if (!isReady) continue;
      if (pod.metadata.labels?.[ROLE_LABEL] === LOOK_ROLE) this.#lookInto(pod, claims[0]);
      else setPodPhase(this.#server, pod.metadata, 'Running');
    }
  }

  /** What a look does takes no time. */
  #lookInto(pod: Pod, claim: PersistentVolumeClaim | undefined): void {
    const files = (claim === undefined ? undefined : this.contentOf(claim)?.files) ?? 0;
    const message = JSON.stringify({ names: files > 0 ? ['a', 'b'] : [], hasMore: files > 2 });
    const state = { terminated: { exitCode: 0, message } };
    this.#server.change(pods, pod.metadata, (object) => {
      const container = { name: 'look', ready: false, restartCount: 0, state };
      object['status'] = { phase: 'Succeeded', containerStatuses: [container] };
    });
  }

  #chooseNode(claim: PersistentVolumeClaim | undefined): void {
    if (claim === undefined || this.#hasNode(claim)) return;
    this.#server.change(persistentVolumeClaims, claim.metadata, (object) => {
      childOf(childOf(object, 'metadata'), 'annotations')[SELECTED_NODE_ANNOTATION] = 'node-1';
    });
  }

  #claimsOf(pod: Pod): (PersistentVolumeClaim | undefined)[] {
    return (pod.spec.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
      persistentVolumeClaim === undefined
        ? []
        : [
            this.#server.get(persistentVolumeClaims, {
              namespace: pod.metadata.namespace,
              name: persistentVolumeClaim.claimName,
            }),
          ],
    );
  }

  #livePodsOf(claim: PersistentVolumeClaim): Pod[] {
    const key = objectKey(claim.metadata);
    return this.#server
      .list(pods)
      .filter((pod) => pod.status?.phase === 'Running')
      .filter((pod) => this.#claimsOf(pod).some((one) => one !== undefined && objectKey(one.metadata) === key));
  }

  /** Once such a claim has a node, it is given none but a new volume. */
  #waitsForPod({ spec }: PersistentVolumeClaim): boolean {
    const storageClass = this.#server.get(storageClasses, { name: spec.storageClassName ?? '' });
    return storageClass?.volumeBindingMode === 'WaitForFirstConsumer';
  }

  #hasNode(claim: PersistentVolumeClaim): boolean {
    if (!this.#waitsForPod(claim)) return true;
    return claim.metadata.annotations?.[SELECTED_NODE_ANNOTATION] !== undefined;
  }

  #bindTo(claim: PersistentVolumeClaim, volumeName: string): void {
    this.#server.change(persistentVolumeClaims, claim.metadata, (object) => {
      childOf(object, 'spec')['volumeName'] = volumeName;
      childOf(object, 'status')['phase'] = 'Bound';
    });
    this.#setPhase(volumeName, 'Bound');
  }

  #setPhase(volumeName: string, phase: string): void {
    this.#server.change(persistentVolumes, { name: volumeName }, (object) => {
      childOf(object, 'status')['phase'] = phase;
    });
  }
}

/** A pod that mounts a claim. */
export function makePod(
  server: ApiServer,
  metadata: Pick<ObjectMetadata, 'name' | 'namespace' | 'labels' | 'ownerReferences'>,
  claimName: string,
  securityContext: { readonly runAsUser?: number; readonly fsGroup?: number } = {},
): KubeObject {
  const volumes = [{ name: 'data', persistentVolumeClaim: { claimName } }];
  const containers = [{ name: 'main', volumeMounts: [{ name: 'data', mountPath: '/data' }] }];
  const pod = server.create(pods, { metadata, spec: { securityContext, volumes, containers } });
  setPodPhase(server, pod.metadata, 'Pending');
  return pod;
}

export function setPodPhase(server: ApiServer, pod: ObjectMetadata, phase: string): void {
  server.change(pods, pod, (object) => {
    childOf(object, 'status')['phase'] = phase;
  });
}
