/** What is to be known of a prime claim that has no volume yet, and of where the user's claim is wanted. */
export interface PlacementFacts {
  /** Whether the storage class makes volumes only once a node is chosen. */
  readonly waitsForNode: boolean;
  /** The node that the scheduler has chosen for the pod of the user's claim. */
  readonly claimNode?: string | undefined;
  /** The node on which the prime claim's volume is to be made. */
  readonly primeNode?: string | undefined;
  /** False where the prime claim's node certainly does not exist. */
  readonly nodeExists: boolean;
}

export type Placement =
  /** The volume may come yet. */
  | 'fine'
  /** The scheduler has chosen another node since. */
  | 'moved'
  /** The provisioner has given the node back: it can make no volume there. */
  | 'refused'
  /** There is no such node any more. */
  | 'gone';

/**
 * Whether a volume can still come where it is wanted. A provisioner that finds no room on the chosen node, or no node, takes
 * the choice off the claim, so that the scheduler chooses again (sig-storage-lib-external-provisioner v11, controller.go,
 * rescheduleProvisioning): but no pod waits for the prime claim, so nobody would.
 */
export function judgePlacement({ waitsForNode, claimNode, primeNode, nodeExists }: PlacementFacts): Placement {
  if (!waitsForNode || claimNode === undefined) return 'fine';
  if (primeNode === undefined) return 'refused';
  if (primeNode !== claimNode) return 'moved';
  return nodeExists ? 'fine' : 'gone';
}
