import { LOOK_AGAIN_ANNOTATION } from '../../api/labels.ts';
import { nameForClaim } from '../../domain/object-names.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import type { ReplicationSource } from '../../engines/volsync/kinds.ts';
import { isBackingUp } from '../../engines/volsync/replication-source.ts';
import { sourceSnapshotName } from '../../engines/volsync/source-snapshot.ts';
import { isNotFound } from '../../kube/client/errors.ts';
import { splitNamespacedKey } from '../../kube/model/kind.ts';
import { type VolumeSnapshot, volumeSnapshots } from '../../kube/model/volume-snapshot-kinds.ts';
import type { ControllerContext } from '../context.ts';

const LOOK_AGAIN_MILLISECONDS = 5_000;

/**
 * Sees to it that the snapshot of a backup whose claim was deleted meanwhile goes too. The snapshot controller keeps a
 * snapshot while a volume is made from it, and does not notice when that ends: it looks again when the snapshot changes, or
 * after its resync period, 15 minutes by default (kubernetes-csi/external-snapshotter v8, pkg/common-controller,
 * checkandRemoveSnapshotFinalizersAndCheckandDeleteContent). For so long the namespace would stay Terminating.
 */
export class AbandonedSnapshots {
  readonly #context: ControllerContext;
  /** Claims whose backup was under way when they were last looked at. */
  readonly #underWay = new Set<string>();

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  /**
   * @param key the claim's.
   * @param source what backs the claim up; undefined when it is gone.
   * @returns when to look again; undefined when there is nothing left to look for.
   */
  async release(key: string, source: ReplicationSource | undefined): Promise<number | undefined> {
    if (source !== undefined) {
      if (isBackingUp(source)) this.#underWay.add(key);
      else this.#underWay.delete(key);
      return undefined;
    }
    if (!this.#underWay.has(key)) return undefined;
    if (await this.#isLeft(key)) return LOOK_AGAIN_MILLISECONDS;
    this.#underWay.delete(key);
    return undefined;
  }

  /** Whether the snapshot is still there; if it is to go, it was changed to have it looked at. */
  async #isLeft(key: string): Promise<boolean> {
    const { client, now } = this.#context;
    const { namespace, name } = splitNamespacedKey(key);
    const ref = { namespace, name: sourceSnapshotName(nameForClaim(name)) };
    const snapshot = await client.get(volumeSnapshots, ref);
    if (snapshot === undefined) return false;
    const { uid, deletionTimestamp } = snapshot.metadata;
    if (deletionTimestamp === undefined) return isOwned(snapshot);
    try {
      const annotations = { [LOOK_AGAIN_ANNOTATION]: rfc3339(now()) };
      await client.mergePatch(volumeSnapshots, ref, { metadata: { uid, annotations } });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    return true;
  }
}

/** One that nothing owns was kept by somebody; any other is deleted with its owner, sooner or later. */
const isOwned = ({ metadata }: VolumeSnapshot): boolean => (metadata.ownerReferences ?? []).length > 0;
