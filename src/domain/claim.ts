/** A reference as a claim's `dataSource` and `dataSourceRef` carry it. */
export interface DataSourceReference {
  readonly apiGroup?: string | undefined;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
}

/** `spec.selector` of a claim, as far as decisions look at it. */
export interface SelectorFacts {
  readonly matchLabels: Readonly<Record<string, string>>;
  /** Number of `matchExpressions`. */
  readonly expressions: number;
}

/** What decisions need to know of a PersistentVolumeClaim. */
export interface ClaimFacts {
  readonly namespace: string;
  /** Empty when the API server has yet to generate it. */
  readonly name: string;
  readonly generateName?: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** Kinds of the claim's owners. */
  readonly ownerKinds: readonly string[];
  readonly dataSource?: DataSourceReference | undefined;
  readonly dataSourceRef?: DataSourceReference | undefined;
  readonly volumeName?: string | undefined;
  readonly selector?: SelectorFacts | undefined;
  /** `Filesystem` where it is absent. */
  readonly volumeMode?: string | undefined;
  readonly accessModes?: readonly string[] | undefined;
  /** Empty for "no class"; absent where the claim names none and the cluster had no default for it. */
  readonly storageClassName?: string | undefined;
  /** Names of its field managers, as `metadata.managedFields` lists them: who wrote the claim. */
  readonly managers?: readonly string[] | undefined;
}

/** `namespace/name`, for messages and queue keys. */
export const claimKey = (namespace: string, name: string): string => `${namespace}/${name}`;
