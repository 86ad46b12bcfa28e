/** A reference as a claim's `dataSource` and `dataSourceRef` carry it. */
export interface DataSourceReference {
  readonly apiGroup?: string | undefined;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string | undefined;
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
}

/** `namespace/name`, for messages and queue keys. */
export const claimKey = (namespace: string, name: string): string => `${namespace}/${name}`;
