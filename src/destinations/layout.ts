/** Where the record lies that names a destination, relative to the destination's prefix. */
export const IDENTITY_KEY = '.rebound/destination.json';

const CLAIM_RECORDS = '.rebound/claims';

/** What the keys of all claims' ledger records begin with. */
export const CLAIM_RECORDS_PREFIX = `${CLAIM_RECORDS}/`;

const EARLIER_CLAIM_RECORDS = '.rebound/claims-before';
const CORRUPT_CLAIM_RECORDS = '.rebound/claims-corrupt';

// Names of Kubernetes objects (RFC 1123 label and subdomain), so that neither part can leave its folder.
const NAMESPACE = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const CLAIM = /^(?=.{1,253}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Names a claim. */
export type ClaimKey = { readonly namespace: string; readonly claim: string };

const pathOf = ({ namespace, claim }: ClaimKey): string => {
  if (!NAMESPACE.test(namespace) || !CLAIM.test(claim)) {
    throw new RangeError(`not the names of a namespace and a claim: ${JSON.stringify({ namespace, claim })}`);
  }
  return `${namespace}/${claim}`;
};

/**
 * The path of a claim's repository, relative to the destination's prefix: `<namespace>/<claim>`.
 * @throws RangeError when the names are not those of Kubernetes objects (an empty name included: `generateName`).
 */
export const repositoryPath = (key: ClaimKey): string => pathOf(key);

/**
 * The key of a claim's ledger record, relative to the destination's prefix.
 * @throws RangeError as {@link repositoryPath}.
 */
export const claimRecordKey = (key: ClaimKey): string => `${CLAIM_RECORDS}/${pathOf(key)}.json`;

/**
 * The key of the copy that a claim's record leaves when it is replaced, relative to the destination's prefix.
 * @throws RangeError as {@link repositoryPath}.
 */
export const earlierClaimRecordKey = (key: ClaimKey): string => `${EARLIER_CLAIM_RECORDS}/${pathOf(key)}.json`;

/**
 * The key of what stood in the place of a claim's record and was none, relative to the destination's prefix.
 * @throws RangeError as {@link repositoryPath}.
 */
export const corruptClaimRecordKey = (key: ClaimKey): string => `${CORRUPT_CLAIM_RECORDS}/${pathOf(key)}.json`;

const RUN_RECORDS = '.rebound/runs';
const RUN_ID = /^[0-9A-Za-z][-0-9A-Za-z]{0,63}$/;

/**
 * The key of what a mover has recorded of one backup run, relative to the destination's prefix.
 * @throws RangeError as {@link repositoryPath}, and for a run's id that is none.
 */
export const runRecordKey = (key: ClaimKey, runId: string): string => {
  if (!RUN_ID.test(runId)) throw new RangeError(`not the id of a run: ${JSON.stringify(runId)}`);
  return `${RUN_RECORDS}/${pathOf(key)}/${runId}.json`;
};
