const PREFIXES = {
  run: 'run:',
  cluster: 'cluster:',
  namespace: 'namespace:',
  claim: 'claim:',
  engine: 'engine:',
} as const;

/** What a backup run writes into its snapshot's tags. */
export interface RunTags {
  /** UID of the run's Job. */
  readonly run: string;
  /** UID of the cluster's namespace kube-system. */
  readonly cluster: string;
  readonly namespace: string;
  readonly claim: string;
}

/** The tags of a run's snapshot. restic splits at commas, which no name or UID of Kubernetes holds. */
export const runTags = ({ run, cluster, namespace, claim }: RunTags): readonly string[] => [
  `${PREFIXES.run}${run}`,
  `${PREFIXES.cluster}${cluster}`,
  `${PREFIXES.namespace}${namespace}`,
  `${PREFIXES.claim}${claim}`,
  `${PREFIXES.engine}Restic`,
];

/** The run that a snapshot with these tags is of; undefined where it is of no run of ours. */
export const runOfTags = (tags: readonly string[]): string | undefined =>
  tags.find((tag) => tag.startsWith(PREFIXES.run))?.slice(PREFIXES.run.length);
