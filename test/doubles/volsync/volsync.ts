import { rfc3339 } from '../../../src/time/rfc3339.ts';
import {
  type ReplicationDestination,
  replicationDestinations,
  type ReplicationSource,
  replicationSources,
} from '../../../src/engines/volsync/kinds.ts';
import { ownerReference } from '../../../src/kube/model/kind.ts';
import {
  type Job,
  jobs,
  persistentVolumeClaims,
  pods,
  type Pod,
  secrets,
} from '../../../src/kube/model/built-in-kinds.ts';
import type { ApiServer } from '../kube/api-server.ts';
import { blank, type Cluster, type Content, makePod, setPodPhase } from '../kube/cluster.ts';
import type { DestinationDouble } from '../destinations/destination-double.ts';
import { childOf, isObject, type JsonObject } from '../kube/json.ts';
import type { MoverLogs } from './mover-logs.ts';
import type { RepositoryTruth, TrueSnapshot } from '../destinations/repository-truth.ts';

/**
 * How a restore mover ends: well; well by its own words, but with an older snapshot, with nothing, or with half of the
 * files; with an error; or with an error after all was done.
 */
export type RestoreEnd = 'complete' | 'older' | 'nothing' | 'half' | 'error' | 'errorAtEnd';
/**
 * How a backup ends: well; with an error; by its own words well, but without a snapshot; without saying anything, with a
 * snapshot or without; naming the snapshot of the run before; without half of the files, which could not be read; or well,
 * before it could not remove a file.
 */
export type BackupEnd = 'complete' | 'error' | 'lied' | 'mute' | 'muteLie' | 'repeated' | 'partial' | 'forgetFails';

export const restoreEnds: readonly RestoreEnd[] = ['complete', 'older', 'nothing', 'half', 'error', 'errorAtEnd'];
export const backupEnds: readonly BackupEnd[] = [
  'complete',
  'error',
  'lied',
  'mute',
  'muteLie',
  'repeated',
  'partial',
  'forgetFails',
];

const muteEnds: readonly BackupEnd[] = ['mute', 'muteLie'];

/** Which lines VolSync keeps of a mover's log (internal/controller/mover/restic/logfilter.go, v0.14). */
const keptLine =
  /^\s*(processed\s.+files|snapshot\s.+saved|No eligible|created|repository\s.+opened|restoring|Fatal|ERROR|Restic completed in)|No data|Directory is empty/i;

/** What restic 0.18 says where the store does not let its own lock be removed. */
const refusedRemoval = ['Remove(<lock/1a2b3c4d5e>) failed: client.RemoveObject: Access Denied'];

const JOB_PREFIX = 'volsync-dst-';
const BACKUP_JOB_PREFIX = 'volsync-src-';
const JOB_LABEL = 'batch.kubernetes.io/job-name';

/** A store, and what its repository truly holds. */
export interface Site {
  readonly truth: RepositoryTruth;
  readonly destination: DestinationDouble;
}

export interface EngineParts {
  readonly server: ApiServer;
  readonly cluster: Cluster;
  readonly logs: MoverLogs;
  /** The store of a bucket. */
  readonly siteAt: (bucket: string) => Site;
  readonly clusterUid: string;
  readonly now: () => number;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const resticOf = (object: ReplicationSource | ReplicationDestination): JsonObject => {
  const { restic } = object.spec;
  return isObject(restic) ? restic : {};
};
const deletesNothing = (object: ReplicationSource): boolean => {
  const { retain } = resticOf(object);
  return isObject(retain) && text(retain['within']).includes('--no-lock');
};
/** How a try ends that saves what it read and fails; undefined for others. */
function endAfterSaving(object: ReplicationSource, end: BackupEnd): 'partial' | 'forgetFails' | undefined {
  if (end === 'partial') return end;
  return end === 'forgetFails' && !deletesNothing(object) ? end : undefined;
}
const manualOf = ({ spec: { trigger } }: ReplicationSource | ReplicationDestination): string =>
  isObject(trigger) ? text(trigger['manual']) : '';

const synchronizingError = (message: string) => ({ type: 'Synchronizing', status: 'False', reason: 'Error', message });

/** VolSync, one step at a time. */
export class Engine {
  readonly #parts: EngineParts;
  #podsMade = 0;

  constructor(parts: EngineParts) {
    this.#parts = parts;
  }

  /** Makes a mover's pod for each restore that has none and is not done. */
  startMovers(): void {
    const { server } = this.#parts;
    for (const object of server.list(replicationDestinations)) {
      const { namespace, name } = object.metadata;
      if (object.spec['paused'] === true || this.#isDone(object) || this.#podsOf(object).length > 0) continue;
      const restic = resticOf(object);
      const claimName = text(restic['destinationPVC']);
      const hasSecret = server.get(secrets, { namespace, name: text(restic['repository']) }) !== undefined;
      if (!hasSecret || server.get(persistentVolumeClaims, { namespace, name: claimName }) === undefined) {
        this.#setCondition(object, hasSecret ? `PersistentVolumeClaim ${claimName} not found` : 'Secret not found');
        continue;
      }
      const job = `${JOB_PREFIX}${name}`;
      this.#podsMade += 1;
      const labels = { [JOB_LABEL]: job, 'app.kubernetes.io/created-by': 'volsync' };
      const ownerReferences = [ownerReference(this.#jobOf(object, job))];
      const pod = makePod(server, { name: `${job}-${this.#podsMade}`, namespace, labels, ownerReferences }, claimName);
      this.#parts.logs.write(pod.metadata);
    }
  }

  /** Ends the movers that run. What they say and do shows at once; what the engine says of it comes with `report`. */
  endMovers(end: RestoreEnd): void {
    for (const object of this.#parts.server.list(replicationDestinations)) {
      for (const pod of this.#podsOf(object)) {
        if (pod.status?.phase === 'Running') this.#endMover(object, pod, end);
      }
    }
  }

  /** Where the Secret of an object leads its mover. */
  #siteOf(object: ReplicationSource | ReplicationDestination): Site {
    const name = text(resticOf(object)['repository']);
    const secret = this.#parts.server.get(secrets, { namespace: object.metadata.namespace, name });
    const url = Buffer.from(secret?.data?.['RESTIC_REPOSITORY'] ?? '', 'base64').toString();
    return this.#parts.siteAt(url.split('/')[3] ?? '');
  }

  #endMover(object: ReplicationDestination, pod: Pod, end: RestoreEnd): void {
    const { logs, server } = this.#parts;
    const { destination } = this.#siteOf(object);
    const canRead = ['answers', 'ledgerFails', 'signsFail'].includes(destination.mood);
    const isWell = this.#restore(object, pod, canRead ? end : 'error');
    logs.end(pod.metadata);
    setPodPhase(server, pod.metadata, isWell ? 'Succeeded' : 'Failed');
  }

  /** What the mover does to its volume, and says. True when it ends without an error. */
  #restore(object: ReplicationDestination, pod: Pod, end: RestoreEnd): boolean {
    const { logs } = this.#parts;
    const { truth, destination } = this.#siteOf(object);
    logs.write(pod.metadata, 'Testing mandatory env variables', '=== Check for dir initialized ===');
    if (destination.restic.lockedFor === 'all') {
      logs.write(pod.metadata, 'ERROR: failure locking repository');
      return false;
    }
    if (destination.restic.hasStrayKey) {
      logs.write(pod.metadata, 'Fatal: config or key 1a2b is damaged: ciphertext verification failed');
      return false;
    }
    const asked = truth.asOf(text(resticOf(object)['restoreAsOf']));
    const older = truth.snapshots[truth.snapshots.findIndex((one) => one.id === asked?.id) - 1];
    const snapshot = end === 'older' ? older : asked;
    if (end === 'error') {
      logs.write(pod.metadata, 'Fatal: unable to open config file: the store does not answer');
      return false;
    }
    logs.write(pod.metadata, '=== Starting restore ===');
    if (end === 'nothing' || snapshot === undefined) {
      logs.write(pod.metadata, 'No eligible snapshots found', '=== No data will be restored ===');
    } else {
      this.#bringBack(object, pod, snapshot, end);
    }
    if (end === 'errorAtEnd') return false;
    logs.write(pod.metadata, 'Restic completed in 2s', '=== Done ===');
    return true;
  }

  #bringBack(object: ReplicationDestination, pod: Pod, snapshot: TrueSnapshot, end: RestoreEnd): void {
    const { id, content } = snapshot;
    const { files, sizeBytes } = content;
    const isHalf = end === 'half';
    const done = isHalf ? Math.floor(files / 2) : files;
    this.#fill(object, { ...content, files: done, complete: !isHalf });
    const time = new Date(snapshot.timeMilliseconds).toISOString();
    const counts = isHalf
      ? `${done} / ${files} files/dirs (${Math.floor(sizeBytes / 2)} B / ${sizeBytes} B)`
      : `${files} files/dirs (${sizeBytes} B)`;
    this.#parts.logs.write(
      pod.metadata,
      `Selected restic snapshot with id: ${id.slice(0, 8)}`,
      `restoring snapshot ${id.slice(0, 8)} of [/data] at ${time} by @volsync to .`,
      '[0:10] 50.00%  1 files/dirs 1 B, total 2 files/dirs 2 B',
      `Summary: Restored ${counts} in 0:01`,
    );
    if (end === 'errorAtEnd') this.#parts.logs.write(pod.metadata, 'Fatal: There were 1 errors');
  }

  #fill(object: ReplicationDestination, content: Content): void {
    const { server, cluster } = this.#parts;
    const name = text(resticOf(object)['destinationPVC']);
    const claim = server.get(persistentVolumeClaims, { namespace: object.metadata.namespace, name });
    const volumeName = claim?.spec.volumeName;
    if (volumeName === undefined) return;
    const before = cluster.contents.get(volumeName);
    if (before === undefined) return;
    const isAnother = before.files > 0 && before.snapshotId !== content.snapshotId;
    const isMixed = isAnother && resticOf(object)['enableFileDeletion'] !== true;
    cluster.contents.set(volumeName, isMixed ? { ...content, files: content.files + before.files } : content);
  }

  /** Takes note of movers that have ended: the status tells of it, and their pods go. */
  report(): void {
    const { server, logs } = this.#parts;
    for (const object of server.list(replicationDestinations)) {
      for (const pod of this.#podsOf(object)) {
        const phase = pod.status?.phase;
        if (phase !== 'Succeeded' && phase !== 'Failed') continue;
        const kept = logs.linesOf(pod.metadata).filter((line) => keptLine.test(line));
        const result = phase === 'Succeeded' ? 'Successful' : 'Failed';
        server.change(replicationDestinations, object.metadata, (changed) => {
          const status = childOf(changed, 'status');
          status['latestMoverStatus'] = { result, logs: kept.join('\n') };
          status['conditions'] = [];
          if (phase !== 'Succeeded') return;
          status['lastManualSync'] = manualOf(object);
          status['lastSyncTime'] = rfc3339(this.#parts.now());
        });
        server.delete(pods, pod.metadata);
      }
    }
  }

  /** Runs one backup of every schedule. */
  backUp(end: BackupEnd): void {
    for (const object of this.#parts.server.list(replicationSources)) {
      if (object.spec['paused'] !== true) this.#backUpOne(object, end);
    }
  }

  #backUpOne(object: ReplicationSource, end: BackupEnd): void {
    const { server, cluster, clusterUid } = this.#parts;
    const site = this.#siteOf(object);
    const { truth } = site;
    truth.writer = clusterUid;
    const { namespace } = object.metadata;
    const claim = server.get(persistentVolumeClaims, { namespace, name: text(object.spec['sourcePVC']) });
    const hasSecret = server.get(secrets, { namespace, name: text(resticOf(object)['repository']) }) !== undefined;
    if (claim?.status?.phase !== 'Bound') return;
    this.#tellOfSecret(object, hasSecret);
    if (!hasSecret) return;
    const content = cluster.contentOf(claim) ?? blank;
    const refusal = this.#refusalOf(site, content, end);
    if (refusal !== undefined) {
      truth.fail();
      this.#setMoverStatus(object, 'Failed', refusal);
      return;
    }
    const failing = content.files > 0 ? endAfterSaving(object, end) : undefined;
    if (failing !== undefined) {
      this.#failAfterSaving(object, content, failing);
      return;
    }
    const isMute = muteEnds.includes(end);
    const lines = content.files === 0 ? this.#findNothing(site, isMute) : this.#save(object, content, end);
    this.#setMoverStatus(object, 'Successful', isMute ? '' : lines.join('\n'));
  }

  /** The engine can't begin a run without its Secret, says so, and tries again. */
  #tellOfSecret({ metadata, status }: ReplicationSource, hasSecret: boolean): void {
    const isTold = (status?.conditions ?? []).length > 0;
    if (isTold !== hasSecret) return;
    const conditions = hasSecret ? [] : [synchronizingError('Secret not found')];
    this.#parts.server.change(replicationSources, metadata, (changed) => {
      childOf(changed, 'status')['conditions'] = conditions;
    });
  }

  /** What a mover says that can't begin. */
  #refusalOf({ destination }: Site, content: Content, end: BackupEnd): string | undefined {
    if (end === 'error' || destination.mood === 'silent') {
      return 'Fatal: unable to save snapshot: the store does not answer';
    }
    // A backup ends with a forget, which needs the repository for itself.
    const isLocked = content.files > 0 && destination.restic.lockedFor !== undefined;
    const since = `storage ID of ${rfc3339(this.#parts.now())}`;
    return isLocked ? `unable to create lock in backend: repository is already locked by PID 33, ${since}` : undefined;
  }

  /** A try that leaves a snapshot and its pod; the engine itself says nothing until it has tried many times. */
  #failAfterSaving(object: ReplicationSource, content: Content, end: 'partial' | 'forgetFails'): void {
    const { server, logs, now } = this.#parts;
    const { truth } = this.#siteOf(object);
    const isPartial = end === 'partial';
    const half = { ...content, files: Math.ceil(content.files / 2) };
    const saved = isPartial ? truth.savePart(half, now()) : truth.save(content, now());
    const { namespace, name } = object.metadata;
    const job = `${BACKUP_JOB_PREFIX}${name}`;
    this.#podsMade += 1;
    const labels = { [JOB_LABEL]: job, 'app.kubernetes.io/created-by': 'volsync' };
    const ownerReferences = [ownerReference(this.#jobOf(object, job))];
    const pod = makePod(server, { name: `${job}-${this.#podsMade}`, namespace, labels, ownerReferences }, job);
    const trouble = isPartial ? ['error: open /data/pgdata: permission denied'] : [];
    const ending = isPartial
      ? ['Warning: at least one source file could not be read']
      : [
          ...refusedRemoval,
          '=== Starting forget ===',
          'unable to create lock in backend: repository is already locked',
        ];
    logs.write(pod.metadata, ...trouble, `snapshot ${saved.id.slice(0, 8)} saved`, ...ending);
    logs.end(pod.metadata);
    server.change(pods, pod.metadata, (changed) => {
      const terminated = { exitCode: isPartial ? 3 : 1, finishedAt: rfc3339(now()) };
      const container = { name: 'restic', ready: false, restartCount: 0, state: { terminated } };
      changed['status'] = { phase: 'Failed', containerStatuses: [container] };
    });
  }

  #findNothing({ truth }: Site, isMute: boolean): string[] {
    const { now } = this.#parts;
    // Nobody hears that there was no file: it is a success that has left nothing.
    if (isMute) truth.pretend(now(), truth.newest);
    else truth.findNothing(now());
    return ['== Directory is empty skipping backup ==='];
  }

  #save(object: ReplicationSource, content: Content, end: BackupEnd): string[] {
    const { now } = this.#parts;
    const { truth } = this.#siteOf(object);
    if (end === 'lied' || end === 'muteLie' || end === 'repeated') {
      const fits = end === 'lied' ? undefined : truth.newest;
      truth.pretend(now(), fits);
      return [`snapshot ${(fits?.id ?? '0').slice(0, 8).padEnd(8, '0')} saved`, 'Restic completed in 1s'];
    }
    const saved = truth.save(content, now());
    const { retain } = resticOf(object);
    if (!deletesNothing(object)) truth.forget(isObject(retain) ? retain : { last: '1' });
    return [`snapshot ${saved.id.slice(0, 8)} saved`, 'Restic completed in 1s'];
  }

  #setMoverStatus(object: ReplicationSource, result: 'Successful' | 'Failed', logs: string): void {
    this.#parts.server.change(replicationSources, object.metadata, (changed) => {
      const status = childOf(changed, 'status');
      status['latestMoverStatus'] = { result, logs };
      if (result === 'Failed') return;
      status['lastSyncTime'] = rfc3339(this.#parts.now());
      status['lastSyncDuration'] = '1s';
      delete status['lastSyncStartTime'];
      status['lastManualSync'] = manualOf(object);
    });
    const { namespace, name } = object.metadata;
    const job = this.#parts.server.get(jobs, { namespace, name: `${BACKUP_JOB_PREFIX}${name}` });
    if (result === 'Successful' && job !== undefined) this.#removeJob(job);
  }

  /** A Job goes, and with it the pods of all its tries. */
  #removeJob({ metadata: { namespace, name, uid } }: Job): void {
    const { server } = this.#parts;
    const isOfJob = ({ metadata }: Pod): boolean => metadata.ownerReferences?.some((one) => one.uid === uid) ?? false;
    for (const { metadata } of server.list(pods).filter(isOfJob)) server.delete(pods, metadata);
    server.delete(jobs, { namespace, name });
  }

  #isDone(object: ReplicationDestination): boolean {
    return object.status?.lastManualSync === manualOf(object);
  }

  #setCondition(object: ReplicationDestination, message: string): void {
    this.#parts.server.change(replicationDestinations, object.metadata, (changed) => {
      childOf(changed, 'status')['conditions'] = [synchronizingError(message)];
    });
  }

  /** The Job of a mover, made if need be. One of an earlier object of the same name goes first. */
  #jobOf(object: ReplicationSource | ReplicationDestination, name: string): Job {
    const { server } = this.#parts;
    const { namespace } = object.metadata;
    const metadata = { name, namespace, ownerReferences: [ownerReference(object)] };
    const known = server.get(jobs, { namespace, name });
    if (known !== undefined) {
      if (known.metadata.ownerReferences?.[0]?.uid === object.metadata.uid) return known;
      this.#removeJob(known);
    }
    return server.create(jobs, { metadata, spec: {} });
  }

  #podsOf(object: ReplicationDestination): Pod[] {
    const { namespace, name } = object.metadata;
    const job = this.#parts.server.get(jobs, { namespace, name: `${JOB_PREFIX}${name}` });
    return this.#parts.server
      .list(pods)
      .filter((pod) => pod.metadata.ownerReferences?.some((owner) => owner.uid === job?.metadata.uid));
  }
}
