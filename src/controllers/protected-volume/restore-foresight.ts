import type { Condition } from '../../api/object.ts';
import type { ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import { foreseeRestore, type RestoreLimit } from '../../domain/restore-foresight.ts';
import { rfc3339 } from '../../domain/rfc3339.ts';
import { setCondition } from '../../kube/conditions.ts';
import { KubeError } from '../../kube/errors.ts';
import { namespaces, type PersistentVolumeClaim } from '../../kube/objects.ts';
import { type ControllerContext, warn } from '../context.ts';
import { userIdsOf } from '../mover-user.ts';

/** By it an administrator allows movers that are root (internal/controller/utils/utils.go, v0.14). */
const PRIVILEGED_MOVERS_ANNOTATION = 'volsync.backube/privileged-movers';

const TYPE = 'RestoreLimited';

/**
 * Warns of what a restore would foreseeably lack, from the first good backup on: nobody should learn it when a restore is
 * needed. Looked at again after each backup, and told on the claim each time that it is something else.
 */
export class RestoreForesight {
  readonly #context: ControllerContext;
  /** The snapshot after which each claim, by UID, was last looked at, and what was said then. */
  readonly #seen = new Map<string, { readonly snapshotId: string; readonly message: string | undefined }>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  /** The status's conditions with what is foreseen; as they are while there is no backup. */
  async conditions(claim: PersistentVolumeClaim, status: ProtectedVolumeStatus): Promise<Condition[]> {
    const { conditions = [], lastBackup } = status;
    if (lastBackup === undefined) return conditions;
    const message = await this.#foresee(claim, status, lastBackup.id);
    if (message === undefined) return conditions.filter(({ type }) => type !== TYPE);
    const condition = { type: TYPE, status: 'True', reason: 'Foreseen', message } as const;
    return setCondition(conditions, condition, rfc3339(this.#context.now()));
  }

  async #foresee(
    claim: PersistentVolumeClaim,
    { moverUser = {} }: ProtectedVolumeStatus,
    snapshotId: string,
  ): Promise<string | undefined> {
    const { uid, namespace } = claim.metadata;
    const seen = this.#seen.get(uid);
    if (seen?.snapshotId === snapshotId) return seen.message;
    const podUIDs = userIdsOf(this.#context.stores, claim);
    const limits = foreseeRestore({ moverUser, podUIDs, privilegedMovers: await this.#allowsPrivileged(namespace) });
    const message = limits.length === 0 ? undefined : inWords(limits);
    if (message !== undefined && message !== seen?.message) warn(this.#context, claim, TYPE, message);
    this.#seen.set(uid, { snapshotId, message });
    return message;
  }

  /** The claim is gone. */
  forget(claimUID: string): void {
    this.#seen.delete(claimUID);
  }

  async #allowsPrivileged(namespace: string): Promise<boolean> {
    try {
      const found = await this.#context.client.get(namespaces, { name: namespace });
      return found?.metadata.annotations?.[PRIVILEGED_MOVERS_ANNOTATION] === 'true';
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      // A warning too many is better than none.
      this.#context.log.warn({ err: error, namespace }, 'whether a namespace allows privileged movers is not known');
      return false;
    }
  }
}

const inWords = (limits: readonly RestoreLimit[]): string => limits.map(({ message }) => message).join(' ');
