import { MOVERS_NAMESPACE } from '../../api/group.ts';
import { CLAIM_NAMESPACE_LABEL, CLAIM_UID_LABEL, OWNER_UID_LABEL } from '../../api/labels.ts';
import { volumeRestores } from '../../api/resource-kinds.ts';
import { dropJob } from '../../engines/mover/drop-job.ts';
import { persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { type KubeObject, splitNamespacedKey } from '../../kube/model/kind.ts';
import { done, type Result } from '../../runtime/result.ts';
import type { ControllerContext } from '../context.ts';
import { RESTORES_BY_CLAIM_UID } from '../stores.ts';

/**
 * Removes what restores have left among the movers that are gone, with their claim or their namespace: owner references do not cross
 * namespaces, so that Kubernetes does not. What a prime claim's volume is worth, and to whom it is given back, is seen to when the
 * claim ends.
 */
export class LeftMoverReconciler {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  /** @param key of a Job or a prime claim in the movers' namespace. */
  readonly reconcile = async (key: string): Promise<Result> => {
    const { client, stores } = this.#context;
    const { namespace, name } = splitNamespacedKey(key);
    if (namespace !== MOVERS_NAMESPACE) return done();
    const job = stores.moverJobs.get(key);
    if (job !== undefined && (await this.#isLeft(job))) await dropJob(client, job);
    const prime = stores.primes.get(key);
    const isOver = prime?.metadata.deletionTimestamp !== undefined;
    if (prime === undefined || isOver || !(await this.#isLeft(prime))) return done();
    const { uid } = prime.metadata;
    await client.delete(persistentVolumeClaims, { namespace, name }, { preconditions: { uid } });
    return done();
  };

  /** Local copies may lag, so what is not in them is asked for. */
  async #isLeft({ metadata: { labels = {} } }: KubeObject): Promise<boolean> {
    const { client, stores } = this.#context;
    const owner = labels[OWNER_UID_LABEL];
    const namespace = labels[CLAIM_NAMESPACE_LABEL];
    if (owner === undefined || namespace === undefined) return false;
    const isOwner = ({ metadata: { uid } }: KubeObject): boolean => uid === owner;
    if (stores.volumeRestores.byIndex(RESTORES_BY_CLAIM_UID, labels[CLAIM_UID_LABEL] ?? '').some(isOwner)) return false;
    return !(await client.list(volumeRestores, { namespace })).some(isOwner);
  }
}
