import { z } from 'zod';
import { SYSTEM_NAMESPACE } from '../api/group.ts';
import {
  ADMISSION_EPOCH_CONFIG_MAP,
  EPOCH_CURRENT_KEY,
  EPOCH_PREVIOUS_KEY,
  MANAGED_BY,
  MANAGED_BY_LABEL,
} from '../api/labels.ts';
import type { KubeClient } from '../kube/client.ts';
import { isAlreadyExists, isConflict } from '../kube/errors.ts';
import { configMaps } from '../kube/objects.ts';

/** Key of the ConfigMap that says when `current` became so, RFC 3339. */
const EPOCH_ROTATED_AT_KEY = 'rotatedAt';

/** How long an epoch is the current one. A decision token is good for one to two of them. */
export const EPOCH_MILLISECONDS = 60 * 60 * 1000;

/** How long API servers are given to learn of a new epoch before decisions are tied to it. */
export const EPOCH_SETTLING_MILLISECONDS = 60 * 1000;

/** What the ConfigMap holds. */
export interface AdmissionEpoch {
  readonly current: string;
  /** Tokens of this epoch are still good. */
  readonly previous?: string | undefined;
  /** Milliseconds since 1970. */
  readonly rotatedAtMilliseconds: number;
}

export type EpochDecision =
  | { readonly kind: 'keep'; readonly nextRotationMilliseconds: number }
  | { readonly kind: 'rotate'; readonly previous: string | undefined };

const epochText = z.string().regex(/^[0-9a-f]{16,64}$/);
const epochData = z.object({
  [EPOCH_CURRENT_KEY]: epochText,
  [EPOCH_PREVIOUS_KEY]: epochText.optional(),
  [EPOCH_ROTATED_AT_KEY]: z.iso.datetime({ offset: true }),
});

/** Reads the ConfigMap's data; undefined when it is not an epoch: somebody edited it. */
export function readEpoch(data: Readonly<Record<string, string>> | undefined): AdmissionEpoch | undefined {
  const parsed = epochData.safeParse(data);
  if (!parsed.success) return undefined;
  const { current, previous, rotatedAt } = parsed.data;
  return { current, previous, rotatedAtMilliseconds: Date.parse(rotatedAt) };
}

/**
 * Decides whether the epoch has to change. A time of rotation that lies further ahead than an epoch lasts comes from a
 * clock that was wrong, and counts as due.
 */
export function decideEpochRotation(nowMilliseconds: number, epoch: AdmissionEpoch | undefined): EpochDecision {
  if (epoch === undefined) return { kind: 'rotate', previous: undefined };
  const ageMilliseconds = nowMilliseconds - epoch.rotatedAtMilliseconds;
  const isDue = ageMilliseconds >= EPOCH_MILLISECONDS || ageMilliseconds < -EPOCH_MILLISECONDS;
  if (isDue) return { kind: 'rotate', previous: epoch.current };
  return { kind: 'keep', nextRotationMilliseconds: epoch.rotatedAtMilliseconds + EPOCH_MILLISECONDS };
}

/**
 * The epoch that a decision is tied to now. One that has just become current may not have reached every API server, and
 * the one before it is good everywhere.
 */
export function epochForDecision(nowMilliseconds: number, epoch: AdmissionEpoch): string {
  const isSettling = nowMilliseconds - epoch.rotatedAtMilliseconds < EPOCH_SETTLING_MILLISECONDS;
  return isSettling && epoch.previous !== undefined ? epoch.previous : epoch.current;
}

const reference = { namespace: SYSTEM_NAMESPACE, name: ADMISSION_EPOCH_CONFIG_MAP };

/**
 * Creates or rotates the admission epoch when it is due. To be called about every minute, by the leader only; should two
 * leaders meet, one of them changes nothing.
 *
 * @param newEpoch makes 16 to 64 random hexadecimal digits.
 * @throws KubeError when the API server cannot be asked; nothing was changed then, or exactly what should be.
 */
export async function reconcileEpoch(
  client: Pick<KubeClient, 'get' | 'create' | 'mergePatch'>,
  nowMilliseconds: number,
  newEpoch: () => string,
): Promise<'kept' | 'created' | 'rotated'> {
  const found = await client.get(configMaps, reference);
  const decision = decideEpochRotation(nowMilliseconds, readEpoch(found?.data));
  if (decision.kind === 'keep') return 'kept';
  const epoch = { current: newEpoch(), previous: decision.previous, rotatedAtMilliseconds: nowMilliseconds };
  try {
    return await (found === undefined ? create(client, epoch) : replace(client, epoch, found.metadata.resourceVersion));
  } catch (error) {
    if (isConflict(error) || isAlreadyExists(error)) return 'kept';
    throw error;
  }
}

async function create(client: Pick<KubeClient, 'create'>, epoch: AdmissionEpoch): Promise<'created'> {
  const labels = { [MANAGED_BY_LABEL]: MANAGED_BY };
  const object = { metadata: { ...reference, labels }, data: dataOf(epoch) };
  await client.create(configMaps, object);
  return 'created';
}

async function replace(
  client: Pick<KubeClient, 'mergePatch'>,
  epoch: AdmissionEpoch,
  resourceVersion: string,
): Promise<'rotated'> {
  // A null removes the key: an epoch that was edited by hand is good no longer.
  const data = { [EPOCH_PREVIOUS_KEY]: null, ...dataOf(epoch) };
  await client.mergePatch(configMaps, reference, { metadata: { resourceVersion }, data });
  return 'rotated';
}

const dataOf = (epoch: AdmissionEpoch): Record<string, string> => ({
  [EPOCH_CURRENT_KEY]: epoch.current,
  ...(epoch.previous === undefined ? {} : { [EPOCH_PREVIOUS_KEY]: epoch.previous }),
  [EPOCH_ROTATED_AT_KEY]: new Date(epoch.rotatedAtMilliseconds).toISOString(),
});
