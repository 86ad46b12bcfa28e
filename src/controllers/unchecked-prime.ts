import { UNCHECKED_VOLUME_FINALIZER } from '../api/labels.ts';
import { persistentVolumeClaims, type PersistentVolumeClaim } from '../kube/model/built-in-kinds.ts';
import type { ObjectClient } from './context.ts';

/** Whether a prime claim stays until somebody has looked at its volume. */
export const isUnchecked = ({ metadata }: PersistentVolumeClaim): boolean =>
  metadata.finalizers?.includes(UNCHECKED_VOLUME_FINALIZER) ?? false;

/**
 * Lets a prime claim go when it is deleted: its volume was looked at. Safe to repeat.
 *
 * @throws a conflict when the claim given is not the present one.
 */
export async function releasePrime(client: ObjectClient, prime: PersistentVolumeClaim): Promise<void> {
  if (!isUnchecked(prime)) return;
  const { name, namespace, resourceVersion, finalizers = [] } = prime.metadata;
  const others = finalizers.filter((one) => one !== UNCHECKED_VOLUME_FINALIZER);
  await client.mergePatch(
    persistentVolumeClaims,
    { name, namespace },
    { metadata: { resourceVersion, finalizers: others } },
  );
}
