import { TIER_LABEL } from '../../../src/api/labels.ts';
import type { DesiredMetadata } from '../../../src/kube/model/kind.ts';

export interface ClaimOptions {
  /** Value of the label; no label without it. */
  readonly tier?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  /** The cluster's default if not given. */
  readonly storageClassName?: string;
  /** Further fields of the claim's spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A claim as a user would write it: nothing but the label tells of backups. */
export function claimManifest(name: string, options: ClaimOptions = {}) {
  const { tier, annotations, storageClassName, spec } = options;
  const metadata: DesiredMetadata & { readonly name: string } = {
    name,
    ...(tier === undefined ? {} : { labels: { [TIER_LABEL]: tier } }),
    ...(annotations === undefined ? {} : { annotations }),
  };
  return {
    metadata,
    spec: {
      accessModes: ['ReadWriteOnce'],
      resources: { requests: { storage: '64Mi' } },
      ...(storageClassName === undefined ? {} : { storageClassName }),
      ...spec,
    },
  };
}
