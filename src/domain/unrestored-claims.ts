import { RESTORE_ANNOTATION } from '../api/labels.ts';
import type { ClaimFacts } from './claim.ts';
import type { Reason } from './helper-claims.ts';
import { isOwnSelector } from './waiting-claim.ts';

/** Velero puts it on whatever it restores; the value is the Restore's name (velero-io/velero, pkg/restore/restore.go). */
export const VELERO_RESTORE_LABEL = 'velero.io/restore-name';
const VELERO_PREFIX = 'velero.io/';

/**
 * Labels that operators put on the claims that they make, fill and throw away themselves, with what they call such a group
 * of claims. A volume that comes back under one of them is set aside or refused: CloudNativePG's initdb renames a data folder
 * that it finds (labels: pkg/utils/labels_annotations.go), a new Kafka of Strimzi has a new cluster id and refuses the
 * brokers' old ones (ResourceLabels.java), PGO restores from its own repositories (internal/naming/labels.go; Percona's
 * operator for PostgreSQL is made from it). Operators that take up what they find, such as Elastic's, are not among them.
 */
const OPERATOR_LABELS: Readonly<Record<string, string>> = {
  'cnpg.io/cluster': 'CloudNativePG cluster',
  'postgres-operator.crunchydata.com/cluster': 'PostgresCluster',
  'strimzi.io/cluster': 'Strimzi cluster',
};

/** The labels that decisions read, besides the tier. */
export const OTHERS_LABELS: readonly string[] = [VELERO_RESTORE_LABEL, ...Object.keys(OPERATOR_LABELS)];

type Claim = Pick<ClaimFacts, 'labels' | 'annotations' | 'selector' | 'volumeMode' | 'accessModes'>;

const asksForRestore = ({ annotations }: Claim): boolean => annotations[RESTORE_ANNOTATION] !== undefined;

const WRITING_MODES: readonly string[] = ['ReadWriteOnce', 'ReadWriteMany', 'ReadWriteOncePod'];

/** Why a claim can have no backups: the engine backs up files, and restores by writing them. */
export function unsupportedReason({ volumeMode, accessModes = [] }: Claim): Reason | undefined {
  if (volumeMode === 'Block') {
    return {
      reason: 'BlockVolume',
      message:
        'The claim asks for a block device (volumeMode: Block), and only files are backed up: it gets no backups, and nothing is restored.',
    };
  }
  if (accessModes.length > 0 && !accessModes.some((mode) => WRITING_MODES.includes(mode))) {
    return {
      reason: 'ReadOnlyVolume',
      message:
        'The claim can only be read (ReadOnlyMany), so nothing can be restored into it: it gets no backups. Label the claim that its content is written through.',
    };
  }
  return undefined;
}

/** Name of the Velero Restore that made the claim, unless the user asks for our restore in so many words. */
export const veleroRestoreName = (claim: Claim): string | undefined =>
  asksForRestore(claim) ? undefined : claim.labels[VELERO_RESTORE_LABEL];

/** Whether Velero restores the claim: it labels it, or has it wait for a volume of its own by a selector. */
const isVeleros = (claim: Claim): boolean =>
  !asksForRestore(claim) &&
  (claim.labels[VELERO_RESTORE_LABEL] !== undefined ||
    Object.keys(claim.selector?.matchLabels ?? {}).some((key) => key.startsWith(VELERO_PREFIX)));

export function veleroReason(claim: Claim): Reason | undefined {
  if (!isVeleros(claim)) return undefined;
  return {
    reason: 'VeleroRestore',
    message: `Velero restores the claim, so Rebound does not; backups begin when that Restore has ended. Annotation ${RESTORE_ANNOTATION}: latest has Rebound restore it.`,
  };
}

export function operatorReason(claim: Claim): Reason | undefined {
  if (asksForRestore(claim)) return undefined;
  const found = Object.entries(OPERATOR_LABELS).find(([key]) => claim.labels[key] !== undefined);
  if (found === undefined) return undefined;
  const [key, what] = found;
  return {
    reason: 'OperatorClaim',
    message: `The claim belongs to ${what} ${claim.labels[key] ?? ''}, whose operator fills it: it is backed up, not restored. Annotation ${RESTORE_ANNOTATION}: latest has Rebound restore it.`,
  };
}

export function ownSelectorReason({ selector }: Claim): Reason | undefined {
  if (!isOwnSelector(selector)) return undefined;
  return {
    reason: 'OwnSelector',
    message:
      'The claim chooses its volume by a spec.selector, which is never changed: it is backed up, but no backup is restored into it. Take the selector away to have it restored.',
  };
}

/**
 * Why a labelled claim is not restored by itself should it be created again as it is; undefined for one that would be. Velero's
 * label does not count: it comes from one restore, and a claim made from its manifest does not have it. Of a bound claim it
 * cannot be told any more whether its volume was chosen by name: see the decision on it.
 */
export const unrestoredReason = (claim: Claim): Reason | undefined =>
  operatorReason(claim) ?? (isVeleros(claim) ? undefined : ownSelectorReason(claim));
