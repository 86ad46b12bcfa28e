/** Words by which provisioners build a name from the claim that they make a volume for. */
const claimWords = ['${pvc.', '{{', '.PVC.'];

/** Parameters that do the same by themselves. */
const claimParameters = ['usePvcName'];

/**
 * Whether the volumes of a class are named after, or keyed by, their claim: a volume that is made for a claim among the movers would
 * be another than the one that is made for the user's claim, and several claims' volumes could be one (csi-driver-nfs, `subDir`).
 *
 * @param parameters of the StorageClass.
 */
export const speaksOfClaim = (parameters: Readonly<Record<string, string>>): boolean =>
  Object.entries(parameters).some(
    ([name, value]) => claimParameters.includes(name) || claimWords.some((word) => value.includes(word)),
  );
