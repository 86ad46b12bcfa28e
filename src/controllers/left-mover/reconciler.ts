import { MOVERS_NAMESPACE } from '../../api/group.ts';
import {
  BACKUP_ROLE,
  CLAIM_ANNOTATION,
  CLAIM_NAMESPACE_LABEL,
  CLAIM_UID_LABEL,
  COPY_ROLE,
  MAINTAIN_ROLE,
  OWNER_UID_LABEL,
  ROLE_LABEL,
} from '../../api/labels.ts';
import { protectedVolumes, volumeRestores } from '../../api/resource-kinds.ts';
import { isBackupRunName, isCopyClaimName, runOfCopy } from '../../domain/object-names.ts';
import type { BackupEngines, RunRef } from '../../engines/engine.ts';
import { dropJob } from '../../engines/mover/drop-job.ts';
import { persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { type KubeObject, splitKey } from '../../kube/model/kind.ts';
import {
  type VolumeSnapshotContent,
  volumeSnapshotContents,
  volumeSnapshots,
} from '../../kube/model/volume-snapshot-kinds.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import type { ControllerContext } from '../context.ts';
import { RESTORES_BY_CLAIM_UID } from '../stores.ts';

const LOOK_AGAIN_MILLISECONDS = 1_000;

/**
 * Removes what restores, backup runs and the upkeep of repositories have left that are gone, with their claim or their namespace: owner
 * references do not cross namespaces, so that Kubernetes does not. What a prime claim's volume is worth, and to whom it is given back, is
 * seen to when the claim ends.
 */
export class LeftMoverReconciler {
  readonly #context: ControllerContext;
  readonly #engines: BackupEngines;

  constructor(context: ControllerContext, engines: BackupEngines) {
    this.#context = context;
    this.#engines = engines;
  }

  /** @param key of what may be left: a Job or a claim in the movers' namespace, a snapshot, or the content of one. */
  readonly reconcile = async (key: string): Promise<Result> => {
    const { namespace, name } = splitKey(key);
    if (namespace === undefined) return await this.#reconcileContent(name);
    const run = this.#runAt(key);
    if (run !== undefined) return await this.#endRun(run);
    if (namespace === MOVERS_NAMESPACE) await this.#endRestore(key, name);
    return done();
  };

  async #endRestore(key: string, name: string): Promise<void> {
    const { client, stores } = this.#context;
    const job = stores.moverJobs.get(key);
    if (job !== undefined && (await this.#isLeft(job))) await dropJob(client, job);
    const prime = stores.primes.get(key);
    const isOver = prime?.metadata.deletionTimestamp !== undefined;
    if (prime === undefined || isOver || !(await this.#isLeft(prime))) return;
    const { uid } = prime.metadata;
    const ref = { namespace: MOVERS_NAMESPACE, name };
    await client.delete(persistentVolumeClaims, ref, { preconditions: { uid } });
  }

  /** What belongs to a backup run, of whatever kind it is. */
  #runAt(key: string): (RunRef & { readonly object: KubeObject }) | undefined {
    const { moverJobs, copyClaims, snapshots } = this.#context.stores;
    const object: KubeObject | undefined = moverJobs.get(key) ?? copyClaims.get(key) ?? snapshots.get(key);
    return object === undefined ? undefined : runOf(object);
  }

  async #endRun({ object, ...run }: RunRef & { readonly object: KubeObject }): Promise<Result> {
    if (await this.#isProtected(object, run.namespace)) return done();
    for (const engine of Object.values(this.#engines)) {
      if (!(await engine.discard(run))) return requeueAfter(LOOK_AGAIN_MILLISECONDS);
    }
    return done();
  }

  /** The content of a run's first snapshot, where that is gone: what its class keeps would stay with the storage for ever. */
  async #reconcileContent(name: string): Promise<Result> {
    const { client, stores } = this.#context;
    const content = stores.snapshotContents.get(name);
    const { namespace, name: snapshotName = '', uid: snapshotUid } = content?.spec.volumeSnapshotRef ?? {};
    if (content !== undefined && namespace === MOVERS_NAMESPACE) return await this.#endCopyContent(content);
    if (content === undefined || !isBackupRunName(snapshotName) || content.metadata.deletionTimestamp !== undefined) {
      return done();
    }
    const snapshot = await client.get(volumeSnapshots, { namespace, name: snapshotName });
    if (snapshot !== undefined && snapshot.metadata.uid === snapshotUid) return done();
    const { uid, resourceVersion } = content.metadata;
    const patch = { metadata: { resourceVersion }, spec: { deletionPolicy: 'Delete' } };
    if (content.spec.deletionPolicy !== 'Delete') await client.mergePatch(volumeSnapshotContents, { name }, patch);
    await client.delete(volumeSnapshotContents, { name }, { preconditions: { uid } });
    return done();
  }

  /**
   * The content of a run's copy, where neither the copy's snapshot nor the run's first one is there: nothing else tells of it any more. It
   * frees nothing when it goes.
   */
  async #endCopyContent({ metadata, spec }: VolumeSnapshotContent): Promise<Result> {
    const { client } = this.#context;
    const { name, uid, labels = {}, deletionTimestamp } = metadata;
    const namespace = labels[CLAIM_NAMESPACE_LABEL];
    if (labels[ROLE_LABEL] !== COPY_ROLE || namespace === undefined || deletionTimestamp !== undefined) return done();
    if (spec.deletionPolicy !== 'Retain' || !isCopyClaimName(name)) return done();
    const own = await client.get(volumeSnapshots, { namespace: MOVERS_NAMESPACE, name });
    const first = await client.get(volumeSnapshots, { namespace, name: runOfCopy(name) });
    if (own === undefined && first === undefined) {
      await client.delete(volumeSnapshotContents, { name }, { preconditions: { uid } });
    }
    return done();
  }

  /** Whether the protection that something belongs to is there. Local copies may lag, so what is not in them is asked for. */
  async #isProtected({ metadata: { labels, annotations } }: KubeObject, namespace: string): Promise<boolean> {
    const { client, stores } = this.#context;
    const isOwner = ({ metadata: { uid } }: KubeObject): boolean => uid === labels?.[OWNER_UID_LABEL];
    const known = stores.protectedVolumes.get(annotations?.[CLAIM_ANNOTATION] ?? '');
    if (known !== undefined && isOwner(known)) return true;
    return (await client.list(protectedVolumes, { namespace })).some(isOwner);
  }

  async #isLeft(object: KubeObject): Promise<boolean> {
    const { client, stores } = this.#context;
    const { labels = {} } = object.metadata;
    const owner = labels[OWNER_UID_LABEL];
    const namespace = labels[CLAIM_NAMESPACE_LABEL];
    if (owner === undefined || namespace === undefined) return false;
    const isOwner = ({ metadata: { uid } }: KubeObject): boolean => uid === owner;
    if (labels[ROLE_LABEL] === MAINTAIN_ROLE) return !(await this.#isProtected(object, namespace));
    if (stores.volumeRestores.byIndex(RESTORES_BY_CLAIM_UID, labels[CLAIM_UID_LABEL] ?? '').some(isOwner)) return false;
    return !(await client.list(volumeRestores, { namespace })).some(isOwner);
  }
}

/** The run that something belongs to by its labels. What a user writes into them in one namespace must end nothing of another one. */
function runOf(object: KubeObject): (RunRef & { readonly object: KubeObject }) | undefined {
  const { name, namespace: place, labels = {} } = object.metadata;
  const namespace = labels[CLAIM_NAMESPACE_LABEL];
  const isAmongMovers = place === MOVERS_NAMESPACE;
  if (namespace === undefined || (!isAmongMovers && place !== namespace)) return undefined;
  if (labels[ROLE_LABEL] === BACKUP_ROLE) return { object, namespace, name };
  const isCopy = labels[ROLE_LABEL] === COPY_ROLE && isAmongMovers;
  return isCopy ? { object, namespace, name: runOfCopy(name) } : undefined;
}
