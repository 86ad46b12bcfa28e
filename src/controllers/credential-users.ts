import type { BackupDestination } from '../api/backup-destination.ts';
import { splitKey } from '../kube/model/kind.ts';
import type { PersistentVolumeClaim } from '../kube/model/built-in-kinds.ts';
import { BY_TIER, type Stores } from './stores.ts';

/** What is needed to find who uses something. */
export type UserStores = Pick<Stores, 'claims' | 'destinations' | 'policies'>;

const secretNamesOf = ({ spec }: BackupDestination): readonly (string | undefined)[] => [
  spec.repositoryPasswordSecretName,
  spec.s3?.credentialsSecretName,
  spec.s3?.caSecretName,
];

/** The claims whose tier backs up to one of the destinations. */
export function claimsOfDestinations(stores: UserStores, names: readonly string[]): PersistentVolumeClaim[] {
  const tiers = stores.policies.list().filter((policy) => names.includes(policy.spec.destination));
  return tiers.flatMap((policy) => stores.claims.byIndex(BY_TIER, policy.metadata.name));
}

/** The claims whose movers work with what a Secret of the system namespace holds; its key is `namespace/name`. */
export function claimsOfSecret(stores: UserStores, secretKey: string): PersistentVolumeClaim[] {
  const { name } = splitKey(secretKey);
  const destinations = stores.destinations.list().filter((one) => secretNamesOf(one).includes(name));
  return claimsOfDestinations(
    stores,
    destinations.map((one) => one.metadata.name),
  );
}
