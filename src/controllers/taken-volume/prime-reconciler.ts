import { isMadeForItsClaim } from '../../domain/fillable-volume.ts';
import {
  persistentVolumes,
  type PersistentVolume,
  type PersistentVolumeClaim,
} from '../../kube/model/built-in-kinds.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import type { ControllerContext } from '../context.ts';
import { keepFiles } from '../let-go.ts';
import { VOLUMES_BY_PRIME_UID } from '../stores.ts';
import { isUnchecked, releasePrime } from '../unchecked-prime.ts';
import { whileItLasts } from './while-it-lasts.ts';

/**
 * The volume controller names the claim in the volume first, and the volume in the claim some milliseconds later
 * (pkg/controller/volume/persistentvolume/pv_controller.go, bind, 1.34): what it has begun is seen by then.
 */
const BINDING_MILLISECONDS = 5_000;

/**
 * Lets go of prime claims that somebody deleted before their volume was looked at: the files of a volume that was not made
 * for them are kept first. It does not matter whether the restore still exists.
 */
export class EndingPrimeReconciler {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  /** @param key of the prime claim. */
  readonly reconcile = async (key: string): Promise<Result> => {
    const prime = this.#context.stores.primes.get(key);
    const deletedAt = prime?.metadata.deletionTimestamp;
    if (prime === undefined || deletedAt === undefined || !isUnchecked(prime)) return done();
    return await whileItLasts(() => this.#release(prime, deletedAt));
  };

  async #release(prime: PersistentVolumeClaim, deletedAt: string): Promise<Result> {
    const { client, now } = this.#context;
    const volume = await this.#volumeOf(prime);
    const leftMilliseconds = BINDING_MILLISECONDS - (now() - Date.parse(deletedAt));
    if (volume === undefined && prime.spec.volumeName === undefined && leftMilliseconds > 0) {
      return requeueAfter(Math.min(BINDING_MILLISECONDS, leftMilliseconds));
    }
    if (volume !== undefined && !isMadeForItsClaim(volume.metadata.annotations ?? {})) await keepFiles(client, volume);
    await releasePrime(client, prime);
    return done();
  }

  /** The volume that names the claim, whether or not the claim names it already. */
  async #volumeOf({ metadata: { uid }, spec }: PersistentVolumeClaim): Promise<PersistentVolume | undefined> {
    const { client, stores } = this.#context;
    const name = spec.volumeName ?? stores.volumes.byIndex(VOLUMES_BY_PRIME_UID, uid)[0]?.metadata.name;
    const volume = name === undefined ? undefined : await client.get(persistentVolumes, { name });
    return volume?.spec.claimRef?.uid === uid ? volume : undefined;
  }
}
