import { API_GROUP, SYSTEM_NAMESPACE } from '../../src/api/group.ts';
import {
  ACCEPT_COLLAPSE_ANNOTATION,
  DECISION_ANNOTATION,
  RESTORE_ANNOTATION,
  PRIME_ROLE,
  ROLE_LABEL,
  TIER_LABEL,
} from '../../src/api/labels.ts';
import type { ProtectedVolume } from '../../src/api/protected-volume.ts';
import type { VolumeRestore } from '../../src/api/volume-restore.ts';
import { repositoryPassword } from '../../src/domain/repository-password.ts';
import { claimRecordKey } from '../../src/destinations/layout.ts';
import type { ObjectStore } from '../../src/destinations/object-store.ts';
import {
  type ReplicationDestination,
  replicationDestinations,
  type ReplicationSource,
  replicationSources,
} from '../../src/engines/volsync/kinds.ts';
import { KubeError } from '../../src/kube/client/errors.ts';
import type { EventNotice } from '../../src/kube/events.ts';
import { objectKey } from '../../src/kube/model/kind.ts';
import {
  persistentVolumeClaims,
  type PersistentVolumeClaim,
  pods,
  secrets,
} from '../../src/kube/model/built-in-kinds.ts';
import { backupDestinations, protectedVolumes, volumeRestores } from '../../src/api/resource-kinds.ts';
import { settle } from '#doubles/kube/fake-clock.ts';
import { ApiServer } from '#doubles/kube/api-server.ts';
import { Cluster, type Content, makePod } from '#doubles/kube/cluster.ts';
import { DestinationDouble } from '#doubles/destinations/destination-double.ts';
import { type BackupEnd, Engine, type RestoreEnd, type Site } from '#doubles/volsync/volsync.ts';
import { furnish, type Furnishings, MASTER_PASSWORD } from './furnishings.ts';
import { childOf } from '#doubles/kube/json.ts';
import { MoverLogs } from '#doubles/volsync/mover-logs.ts';
import { type Process, startProcess } from './process.ts';
import { RepositoryTruth } from '#doubles/destinations/repository-truth.ts';
import { ResticStore } from '#doubles/destinations/restic-store.ts';

export const NAMESPACE = 'shop';
export const CLAIM = 'data';
export const CLAIM_REF = { namespace: NAMESPACE, name: CLAIM };
/** UID of the simulated cluster. */
export const CLUSTER_UID = 'cluster-a';
const RECORD_KEY = claimRecordKey({ namespace: NAMESPACE, claim: CLAIM });

export interface WorldOptions extends Furnishings {
  /** Another cluster with the same manifests, and the same store and clock. */
  readonly beside?: World | undefined;
  /** UID of the cluster; CLUSTER_UID if not given. */
  readonly clusterUid?: string;
}

const recreateReasons: ReadonlySet<string> = new Set(['BackupVanished', 'VolumeLost']);

/** What admission answered for a claim that is created; `late`: it was not there yet. */
export type Admitted = 'restore' | 'fresh' | 'late';

const newRepository = (): ResticStore =>
  new ResticStore(`${NAMESPACE}/${CLAIM}`, repositoryPassword(MASTER_PASSWORD, NAMESPACE));

/** A cluster with one namespace, one claim, one tier and one destination, all in memory, and the real reconcilers in it. */
export class World {
  #nowMilliseconds = Date.UTC(2030, 0, 1);
  readonly now: () => number;
  readonly #beside: World | undefined;
  readonly clusterUid: string;
  readonly server: ApiServer;
  readonly cluster: Cluster;
  readonly logs = new MoverLogs();
  readonly destination: DestinationDouble;
  /** Stores of further destinations, by bucket. */
  readonly furtherStores = new Map<string, ObjectStore>();
  readonly truth: RepositoryTruth;
  readonly #furtherSites = new Map<string, Site>();
  readonly engine: Engine;
  /** What `kubectl describe` shows of the claims, oldest first. */
  readonly events: (EventNotice & { readonly uid: string | undefined })[] = [];
  /** Called when the protection was reconciled by copies that held all there was to know. */
  onInformedProtection: (() => void) | undefined;
  /** Called when the restores were reconciled by copies that held all there was to know. */
  onInformedRestores: (() => void) | undefined;
  /** Called after every step of a round. */
  onStep: (() => void) | undefined;
  /** Called when the user accepts a collapse. */
  onAccepted: ((snapshotId: string) => void) | undefined;
  /** Volumes that neither a provisioner nor a restore has filled. */
  readonly foreignVolumes = new Set<string>();
  /** Those of them that a provisioner has handed out before. */
  readonly usedVolumes = new Set<string>();
  /** Those of them that another application has filled, and what they held. */
  readonly offeredVolumes = new Map<string, Content>();
  process: Process;
  /** When, and by whom, each destination was shown that this cluster lives. */
  readonly #shownAt = new Map<string, string>();
  /** How everything stood when each reconciler began its last work. */
  readonly #still = new Map<string, string>();
  #signsShown = 0;
  #restoresNamed = 0;
  #leaders = 0;
  #position = 0;
  #restoresEnd: RestoreEnd = 'complete';

  constructor(options: WorldOptions = {}) {
    const { beside, clusterUid = CLUSTER_UID } = options;
    this.clusterUid = clusterUid;
    this.#beside = beside;
    this.now = beside?.now ?? (() => this.#nowMilliseconds);
    this.server = new ApiServer(this.now, clusterUid);
    this.cluster = new Cluster(this.server);
    this.cluster.onUsedVolume = (name) => {
      this.usedVolumes.add(name);
      this.#addFilled(name);
    };
    const restic = newRepository();
    this.destination = beside?.destination ?? new DestinationDouble(restic, this.now);
    this.truth = beside?.truth ?? new RepositoryTruth(restic);
    this.engine = new Engine(this);
    furnish(this.server, options);
    this.process = this.#newProcess();
  }

  /** A volume that another application has filled. */
  #addFilled(name: string): void {
    this.foreignVolumes.add(name);
    const content = this.cluster.contents.get(name);
    if (content !== undefined) this.offeredVolumes.set(name, content);
  }

  /** Another store, of another identity, for a further destination. */
  addSite(bucket: string, identity: string): Site {
    const restic = newRepository();
    const site = {
      destination: new DestinationDouble(restic, this.now, identity),
      truth: new RepositoryTruth(restic),
    };
    this.#furtherSites.set(bucket, site);
    this.furtherStores.set(bucket, site.destination.store);
    return site;
  }

  readonly siteAt = (bucket: string): Site => this.#furtherSites.get(bucket) ?? this;

  get #destinations(): readonly DestinationDouble[] {
    return [this.destination, ...[...this.#furtherSites.values()].map(({ destination }) => destination)];
  }

  #newProcess(): Process {
    this.#leaders += 1;
    return startProcess(this, `leader-${this.#leaders}`);
  }

  /** The controller dies where it stands, and another starts. */
  async restart(): Promise<void> {
    this.process.client.kill();
    this.process.logs.close();
    await this.process.catalog.close();
    this.process = this.#newProcess();
  }

  wait(milliseconds: number): void {
    if (this.#beside === undefined) this.#nowMilliseconds += milliseconds;
    else this.#beside.wait(milliseconds);
  }

  /** Lets what is under way come to rest: logs that are followed reach their listeners. */
  async rest(): Promise<void> {
    if (this.logs.areNone) return;
    const there = new Set(this.server.list(pods).map((pod) => objectKey(pod.metadata)));
    this.logs.keep((key) => there.has(key));
    await settle();
  }

  get claim(): PersistentVolumeClaim | undefined {
    return this.server.get(persistentVolumeClaims, CLAIM_REF);
  }

  /** The restore that the claim names. */
  get restore(): VolumeRestore | undefined {
    const name = this.claim?.spec.dataSourceRef?.name;
    return name === undefined ? undefined : this.server.get(volumeRestores, { namespace: NAMESPACE, name });
  }

  get prime(): PersistentVolumeClaim | undefined {
    return this.server
      .list(persistentVolumeClaims)
      .find(({ metadata }) => metadata.labels?.[ROLE_LABEL] === PRIME_ROLE);
  }

  /** What the claim's volume holds. */
  get content(): Content | undefined {
    return this.claim === undefined ? undefined : this.cluster.contentOf(this.claim);
  }

  get attempts(): ReplicationDestination[] {
    return this.server.list(replicationDestinations);
  }

  get schedule(): ReplicationSource | undefined {
    return this.server.list(replicationSources)[0];
  }

  get protection(): ProtectedVolume | undefined {
    return this.server.get(protectedVolumes, CLAIM_REF);
  }

  /** Reasons of the events so far, in order. */
  get told(): string[] {
    return this.events.map((event) => event.reason);
  }

  /** Keys of all restores that exist, or that the controller still believes in. */
  get restoreKeys(): string[] {
    const real = this.server.list(volumeRestores);
    const believed = this.process.context.stores.volumeRestores.list();
    return [...new Set([...real, ...believed].map((one) => objectKey(one.metadata)))];
  }

  /** The destinations are shown that this cluster lives, once at a time. */
  async showLife(): Promise<void> {
    for (const { metadata } of this.server.list(backupDestinations)) {
      const { name, uid, generation } = metadata;
      const moods = this.#destinations.map(({ mood }) => mood);
      const moment = [uid, generation, this.#leaders, this.now(), ...moods].join();
      if (this.#shownAt.get(name) === moment) continue;
      this.#shownAt.set(name, moment);
      this.#signsShown += 1;
      await this.process.signs.reconcile(name);
    }
  }

  async reconcileRestores(): Promise<void> {
    const isInformed = this.process.copies.areUpToDate();
    for (const key of this.restoreKeys) await this.process.restores.reconcile(key);
    if (isInformed) this.onInformedRestores?.();
  }

  async reconcileVolumes(): Promise<void> {
    const { stores } = this.process.context;
    for (const { key } of stores.primes.all()) await this.process.endingPrimes.reconcile(key);
    for (const { key } of stores.volumes.all()) await this.process.takenVolumes.reconcile(key);
  }

  async reconcileProtection(): Promise<void> {
    const isInformed = this.process.copies.areUpToDate();
    await this.process.protections.reconcile(objectKey(CLAIM_REF));
    if (isInformed) this.onInformedProtection?.();
  }

  async reconcileForesight(): Promise<void> {
    await this.process.foresights.reconcile(objectKey(CLAIM_REF));
  }

  /** The operator gives the store another key. */
  exchangeKeys(secretKey: string): void {
    this.server.change(secrets, { namespace: SYSTEM_NAMESPACE, name: 'keys' }, (object) => {
      childOf(object, 'data')['AWS_SECRET_ACCESS_KEY'] = Buffer.from(secretKey).toString('base64');
    });
  }

  /** Whether the claim waits for its user to create it again: a backup that has gone is given up, or a volume is lost. */
  get isToldToRecreate(): boolean {
    const standing = [...(this.restore?.status?.conditions ?? []), ...(this.protection?.status?.conditions ?? [])];
    return standing.some(({ type, reason }) => type === 'Ready' && recreateReasons.has(reason));
  }

  /** Whether admission could be certain that there is no backup. */
  get mayStartFresh(): boolean {
    return this.truth.newest === undefined && !this.hasRecord && this.destination.mood === 'answers';
  }

  /** Whether the ledger remembers a backup. */
  get hasRecord(): boolean {
    return this.destination.restic.store.objects.has(RECORD_KEY);
  }

  /** The operator gives up on what the ledger remembers. */
  removeRecord(): void {
    this.destination.restic.store.objects.delete(RECORD_KEY);
  }

  /** Runs one backup of every schedule; a second passes, so that no two end at the same time. */
  backUp(end: BackupEnd): void {
    this.wait(1_000);
    this.engine.backUp(end);
  }

  /** The user creates the claim; admission has answered, if it was there. */
  createClaim(admitted: Admitted, request?: string): PersistentVolumeClaim {
    this.#restoresNamed += 1;
    const dataSourceRef = { apiGroup: API_GROUP, kind: 'VolumeRestore', name: `data-${this.#restoresNamed}` };
    return this.server.create(persistentVolumeClaims, {
      metadata: {
        ...CLAIM_REF,
        labels: { [TIER_LABEL]: 'hourly' },
        annotations: {
          ...(admitted === 'late' ? {} : { [DECISION_ANNOTATION]: admitted }),
          ...(request === undefined ? {} : { [RESTORE_ANNOTATION]: request }),
        },
      },
      spec: {
        accessModes: ['ReadWriteOnce'],
        storageClassName: 'fast',
        resources: { requests: { storage: '1Gi' } },
        ...(admitted === 'restore' ? { dataSourceRef } : {}),
      },
    });
  }

  deleteClaim(): void {
    this.server.delete(persistentVolumeClaims, CLAIM_REF);
  }

  /** The user deletes the claim with all that uses it, and creates it again at once. */
  recreateClaim(request?: string): void {
    this.recreateAs(() => this.admitted(request), request);
  }

  /** The same, whatever admission would answer. */
  recreateAs(admitted: () => Admitted, request?: string): void {
    this.scale(0);
    this.deleteClaim();
    this.cluster.protect();
    if (this.claim === undefined) this.createClaim(admitted(), request);
  }

  /** What admission answers for a claim that asks for this. */
  admitted(request?: string): Admitted {
    return request === 'none' || this.mayStartFresh ? 'fresh' : 'restore';
  }

  setLabel(tier: string | undefined): void {
    if (this.claim === undefined) return;
    this.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
      const labels = childOf(childOf(object, 'metadata'), 'labels');
      if (tier === undefined) Reflect.deleteProperty(labels, TIER_LABEL);
      else labels[TIER_LABEL] = tier;
    });
  }

  /** The user asks for a snapshot, though the claim is there already. */
  ask(request: string): void {
    this.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
      childOf(childOf(object, 'metadata'), 'annotations')[RESTORE_ANNOTATION] = request;
    });
  }

  acceptCollapse(snapshotId: string): void {
    if (this.claim === undefined) return;
    this.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
      childOf(childOf(object, 'metadata'), 'annotations')[ACCEPT_COLLAPSE_ANNOTATION] = snapshotId.slice(0, 8);
    });
    this.onAccepted?.(snapshotId);
  }

  /** The application has one pod, or none. */
  scale(replicas: 0 | 1): void {
    const pod = { ...CLAIM_REF, name: 'app-0' };
    if (replicas === 0) this.server.delete(pods, pod);
    else if (this.server.get(pods, pod) === undefined)
      makePod(this.server, pod, CLAIM, { runAsUser: 1000, fsGroup: 1000 });
  }

  get isAppRunning(): boolean {
    return this.server.get(pods, { ...CLAIM_REF, name: 'app-0' })?.status?.phase === 'Running';
  }

  /** The application writes into its volume, if it runs with one. */
  write(edit: (content: Content) => Content): void {
    const volumeName = this.claim?.spec.volumeName;
    const content = volumeName === undefined ? undefined : this.cluster.contents.get(volumeName);
    if (!this.isAppRunning || volumeName === undefined || content === undefined) return;
    this.cluster.contents.set(volumeName, edit(content));
  }

  /** One round in which nothing goes wrong, and a minute passes. */
  async calmRound(): Promise<void> {
    for (const step of this.#calmSteps) {
      await step();
      this.onStep?.();
    }
  }

  /** The next steps of rounds in which the engine backs up too; movers and backups end as they are told to. */
  async walk(steps: number, ends: { readonly restore: RestoreEnd; readonly backup: BackupEnd }): Promise<void> {
    const round = [...this.#calmSteps, () => this.backUp(ends.backup)];
    this.#restoresEnd = ends.restore;
    for (let taken = 0; taken < steps; taken += 1) {
      await round[this.#position % round.length]?.();
      this.onStep?.();
      this.#position += 1;
    }
    this.#restoresEnd = 'complete';
  }

  /**
   * Calm rounds until something is so; it is looked at after every step.
   *
   * @throws when it does not come to be.
   */
  async until(isSo: (world: World) => boolean, rounds = 30): Promise<void> {
    for (let round = 0; round < rounds; round += 1) {
      for (const step of this.#calmSteps) {
        if (isSo(this)) return;
        await step();
      }
    }
    if (!isSo(this)) throw new Error(`after ${rounds} calm rounds it is not so: ${isSo.toString()}`);
  }

  get #calmSteps(): readonly (() => Promise<void> | void)[] {
    return [
      ...Object.values(this.cluster.passes),
      () => this.look(),
      // A look into a volume takes a second.
      () => this.cluster.schedule(),
      () => this.look(),
      () => this.engine.startMovers(),
      () => this.cluster.schedule(),
      () => this.look(),
      () => this.engine.endMovers(this.#restoresEnd),
      () => this.look(),
      () => this.engine.report(),
      () => this.look(),
      () => this.wait(60_000),
    ];
  }

  /** All that a reconcile could find other than the one before. */
  get #standing(): string {
    const { server, logs, process } = this;
    const stored = this.#destinations.map(({ revision }) => revision);
    const heard = [process.client.writesTried, process.newsHeard(), this.#signsShown];
    return [this.now(), this.#leaders, server.revision, ...stored, logs.revision, ...heard].join();
  }

  /**
   * The controller sees everything and looks at everything. What fails is left for the next time, as a queue does, and so
   * is what would find all as it was when it last changed nothing.
   */
  async look(): Promise<void> {
    await this.#workOn('signs', () => this.showLife());
    await this.#workOn('protections', () => this.reconcileProtection());
    await this.#workOn('foresights', () => this.reconcileForesight());
    await this.#workOn('restores', () => this.reconcileRestores());
    await this.#workOn('volumes', () => this.reconcileVolumes());
  }

  async #workOn(name: string, reconcile: () => Promise<void>): Promise<void> {
    const standing = this.#standing;
    if (this.#still.get(name) === standing) return;
    this.process.copies.seeEverything();
    await this.rest();
    await this.tolerating(reconcile);
    this.process.copies.seeEverything();
    await this.rest();
    this.#still.set(name, standing);
  }

  /** A reconcile may fail as the API server fails; a process that died of it is followed by another. */
  async tolerating(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
    }
    if (this.process.client.isDead) await this.restart();
  }
}
