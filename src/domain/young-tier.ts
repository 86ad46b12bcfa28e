import type { BackupPolicy } from '../api/backup-policy.ts';
import { FIELD_MANAGER } from '../api/group.ts';

/** How long "there is no backup" does not count when it was asked through a tier that nobody but Rebound has made. */
const YOUNG_MILLISECONDS = 10 * 60_000;

/**
 * Whether Rebound made this policy by itself and nobody has changed it since: no other field manager has written any of
 * it. One without managed fields (somebody cleared them) is a person's.
 */
export const isMadeByController = ({ metadata }: BackupPolicy): boolean => {
  const writers = (metadata.managedFields ?? []).filter(({ subresource = '' }) => subresource === '');
  return writers.length > 0 && writers.every(({ manager }) => manager === FIELD_MANAGER);
};

/**
 * Why "there is no backup" does not count yet: the tier is one that Rebound made by itself a moment ago, and on a rebuilt
 * cluster the true one, which may name another destination, may still be on its way. Undefined when it counts.
 *
 * @param policies all tiers: one that a person made shows that they have come.
 */
export function youngTierDoubt(
  tier: BackupPolicy,
  policies: readonly BackupPolicy[],
  nowMilliseconds: number,
): string | undefined {
  const { name, creationTimestamp } = tier.metadata;
  if (!isMadeByController(tier) || !policies.every(isMadeByController)) return undefined;
  const countsAt = Date.parse(creationTimestamp ?? '') + YOUNG_MILLISECONDS;
  if (Number.isNaN(countsAt) || nowMilliseconds >= countsAt) return undefined;
  const { destination } = tier.spec;
  return (
    `destination ${destination} holds no backup of this claim, but tier ${name} was made by Rebound itself, and your own, ` +
    `which may name another destination, may still come. It counts from ${new Date(countsAt).toISOString()} on, or as soon as ` +
    'you apply a BackupPolicy of your own, such as those of manifests/tiers'
  );
}
