import { MOVERS_NAMESPACE } from '../../src/api/group.ts';
import { BACKUP_ROLE, ROLE_LABEL } from '../../src/api/labels.ts';
import { backupPolicies } from '../../src/api/resource-kinds.ts';
import { LeftMoverReconciler } from '../../src/controllers/left-mover/reconciler.ts';
import { runTags } from '../../src/domain/run-tags.ts';
import {
  events,
  type Job,
  jobs,
  persistentVolumeClaims,
  persistentVolumes,
  pods,
  secrets,
} from '../../src/kube/model/built-in-kinds.ts';
import { type KubeObject, objectKey, ownerReference } from '../../src/kube/model/kind.ts';
import { JOB_LABEL } from '../../src/kube/model/pods-by-job.ts';
import {
  volumeSnapshotClasses,
  type VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../src/kube/model/volume-snapshot-kinds.ts';
import { moverBackups } from '../../src/engines/mover/backup.ts';
import { childOf, toJson } from '#doubles/kube/json.ts';
import { CLAIM, CLUSTER_UID, NAMESPACE, type World } from './world.ts';

/** How a mover of our own ends that backs a volume up. */
export type RunEnd = 'saved' | 'partial' | 'empty' | 'failed' | 'unrecorded';

/** What the storage and the Job controller do for backup runs, where all classes keep what is deleted. */
export class OwnRuns {
  readonly #world: World;
  readonly #contents = new Map<string, VolumeSnapshotContent>();
  #freedUpTo = 0;
  /** Snapshots that the storage has, by handle. */
  readonly storage = new Set<string>();
  /** How many were ever taken. */
  taken = 0;
  /** When the driver says that it took a snapshot; undefined where its clock is right. */
  driverTime: string | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  /** The tier asks for movers of our own, and the driver takes snapshots. */
  ask(engine: 'Restic' | 'VolSync' = 'Restic'): void {
    const { server } = this.#world;
    server.change(backupPolicies, { name: 'hourly' }, (object) => {
      childOf(object, 'spec')['engine'] = engine;
    });
  }

  provideClass(): void {
    this.#world.server.create(volumeSnapshotClasses, { metadata: { name: 'keep' }, driver: 'csi.example' });
  }

  /** The snapshot controller and the driver: takes, binds, and removes as contents say. */
  snapshotPass(): void {
    const { server } = this.#world;
    for (const { metadata, status } of server.list(volumeSnapshots)) {
      if (status?.readyToUse === true) continue;
      const { name, namespace, uid } = metadata;
      const contentName = namespace === MOVERS_NAMESPACE ? name : `content-${uid}`;
      if (namespace !== MOVERS_NAMESPACE) this.#take(contentName, { name, namespace, uid });
      server.change(volumeSnapshots, metadata, (object) => {
        object['status'] = {
          readyToUse: true,
          boundVolumeSnapshotContentName: contentName,
          creationTime: this.driverTime ?? new Date(this.#world.now()).toISOString(),
          restoreSize: '1Gi',
        };
      });
    }
    for (const { metadata, spec } of server.list(volumeSnapshotContents)) {
      const { name = '', namespace } = spec.volumeSnapshotRef;
      const isBound = server.get(volumeSnapshots, { name, namespace }) !== undefined;
      if (!isBound && spec.deletionPolicy === 'Delete') server.delete(volumeSnapshotContents, metadata);
    }
  }

  /** The storage's snapshots go with their contents, where these say so when they go. */
  #free(): void {
    const history = this.#world.server.historyOf(volumeSnapshotContents);
    for (const { key, object } of history.slice(this.#freedUpTo)) {
      const content = object === undefined ? undefined : volumeSnapshotContents.parse(object);
      const before = this.#contents.get(key);
      if (content === undefined && before?.spec.deletionPolicy === 'Delete') {
        this.storage.delete(before.status?.snapshotHandle ?? '');
      }
      if (content !== undefined) this.#contents.set(key, content);
    }
    this.#freedUpTo = history.length;
  }

  #take(name: string, volumeSnapshotRef: { readonly name: string; readonly namespace: string; readonly uid: string }) {
    const { server } = this.#world;
    if (server.get(volumeSnapshotContents, { name }) !== undefined) return;
    this.taken += 1;
    const snapshotHandle = `handle-${this.taken}`;
    this.storage.add(snapshotHandle);
    server.create(volumeSnapshotContents, {
      metadata: { name },
      spec: { driver: 'csi.example', deletionPolicy: 'Retain', volumeSnapshotClassName: 'keep', volumeSnapshotRef },
    });
    server.change(volumeSnapshotContents, { name }, (object) => {
      object['status'] = { snapshotHandle };
    });
  }

  get job(): Job | undefined {
    return this.#world.server.list(jobs).find(({ metadata }) => metadata.labels?.[ROLE_LABEL] === BACKUP_ROLE);
  }

  /** Everything but the mover works, for a second. */
  async round(): Promise<void> {
    const { cluster } = this.#world;
    this.snapshotPass();
    for (const pass of Object.values(cluster.passes)) pass();
    this.#keepVolumes();
    await this.#world.look();
    await this.sweep();
    this.#free();
    this.#world.wait(1_000);
  }

  /** Volumes of the class are kept when their claim goes. */
  #keepVolumes(): void {
    const { server } = this.#world;
    for (const { metadata, spec } of server.list(persistentVolumes)) {
      if (spec.claimRef?.namespace !== MOVERS_NAMESPACE || metadata.annotations?.['test/kept'] !== undefined) continue;
      server.change(persistentVolumes, metadata, (object) => {
        childOf(childOf(object, 'metadata'), 'annotations')['test/kept'] = 'yes';
        childOf(object, 'spec')['persistentVolumeReclaimPolicy'] = 'Retain';
      });
    }
  }

  async rounds(count = 12): Promise<void> {
    for (let round = 0; round < count; round += 1) await this.round();
  }

  /** What is told to the one that sweeps up. */
  async sweep(): Promise<void> {
    const { context, copies } = this.#world.process;
    copies.seeEverything();
    const reconciler = new LeftMoverReconciler(context, { Restic: moverBackups(context, 'restic') });
    const { moverJobs, copyClaims, snapshots, snapshotContents } = context.stores;
    const all: KubeObject[] = [
      ...moverJobs.list(),
      ...copyClaims.list(),
      ...snapshots.list(),
      ...snapshotContents.list(),
    ];
    for (const { metadata } of all) await reconciler.reconcile(objectKey(metadata));
  }

  /** The run's mover was let start: it does its work, and ends. */
  end(end: RunEnd): void {
    const { server, truth, destination, now } = this.#world;
    const job = this.job;
    if (job === undefined || job.spec.suspend === true) throw new Error('no mover was let start');
    const tags = runTags({ run: job.metadata.uid, cluster: CLUSTER_UID, namespace: NAMESPACE, claim: CLAIM });
    destination.restic.tags = tags;
    const content = this.#world.content ?? { files: 0, sizeBytes: 0, complete: true };
    if (end === 'saved' || end === 'unrecorded') truth.save(content, now());
    if (end === 'partial') truth.savePart({ ...content, files: content.files - 2 }, now());
    destination.restic.tags = [];
    this.#endPod(job, end, truth.newest?.id ?? '');
    const condition = { type: end === 'saved' ? 'Complete' : 'Failed', status: 'True' };
    server.change(jobs, job.metadata, (object) => {
      object['status'] = { conditions: [{ ...condition, lastTransitionTime: new Date(now()).toISOString() }] };
    });
  }

  /** The node of the run's mover can't mount the copy, and says so in an event alone. */
  refuseMount(message: string): void {
    const { server, now } = this.#world;
    const { job } = this;
    if (job === undefined) throw new Error('there is no mover');
    const { name, namespace } = job.metadata;
    const pod = { name: `${name}-pod`, namespace };
    const labels = { [JOB_LABEL]: name };
    server.create(pods, {
      metadata: { ...pod, labels, ownerReferences: [ownerReference(job)] },
      spec: { containers: [] },
    });
    server.change(pods, pod, (object) => {
      object['status'] = { phase: 'Pending' };
    });
    server.create(events, {
      metadata: { name: 'mount', namespace },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', ...pod },
      type: 'Warning',
      reason: 'FailedMount',
      message,
      lastTimestamp: new Date(now()).toISOString(),
    });
  }

  #endPod(job: Job, end: RunEnd, snapshotId: string): void {
    const { server, now, content } = this.#world;
    const error = { message_type: 'error', error: { message: 'permission denied' }, item: '/data/secret' };
    const exits: Readonly<Record<RunEnd, readonly [number, number, number]>> = {
      saved: [0, 0, 0],
      partial: [0, 3, -1],
      empty: [1, -1, -1],
      failed: [0, 11, -1],
      unrecorded: [0, 0, 1],
    };
    const counts = { files: content?.files ?? 0, directories: 1, sizeBytes: content?.sizeBytes ?? 0 };
    const record = JSON.stringify({ snapshotId, time: new Date(now()).toISOString(), ...counts });
    const messages = [
      JSON.stringify({ names: [], hasMore: false }),
      end === 'partial' ? JSON.stringify(error) : 'Fatal: the words of restic',
      end === 'saved' ? record : 'the store did not answer',
    ];
    const [look, restic, own] = ['look', 'restic', 'record'].map((name, index) => {
      const exitCode = exits[end][index] ?? -1;
      const state = exitCode < 0 ? {} : { state: { terminated: { exitCode, message: messages[index] } } };
      return { name, ready: false, restartCount: 0, ...state };
    });
    const { name, namespace } = job.metadata;
    const labels = { [JOB_LABEL]: name };
    server.create(pods, {
      metadata: { name: `${name}-pod`, namespace, labels, ownerReferences: [ownerReference(job)] },
      spec: { containers: [] },
    });
    server.change(pods, { namespace, name: `${name}-pod` }, (object) => {
      object['status'] = toJson({ phase: 'Failed', initContainerStatuses: [look, restic], containerStatuses: [own] });
    });
  }

  /** What is there of runs, as `kind name`. */
  get left(): readonly string[] {
    this.#free();
    const { server } = this.#world;
    const ours = [
      ...server.list(volumeSnapshots),
      ...server.list(volumeSnapshotContents),
      ...server.list(jobs).filter(({ metadata }) => metadata.labels?.[ROLE_LABEL] === BACKUP_ROLE),
      ...[...server.list(persistentVolumeClaims), ...server.list(secrets), ...server.list(pods)].filter(
        ({ metadata }) => metadata.namespace === MOVERS_NAMESPACE,
      ),
      ...server.list(persistentVolumes).filter(({ spec }) => spec.claimRef?.namespace === MOVERS_NAMESPACE),
    ];
    return [...ours.map(({ kind, metadata }) => `${kind} ${metadata.name}`), ...this.storage];
  }
}
