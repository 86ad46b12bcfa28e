import { API_GROUP } from '../api/group.ts';
import { RESTORE_ANNOTATION, TIER_LABEL } from '../api/labels.ts';
import type { ClaimFacts, DataSourceReference } from './claim.ts';
import { parseRestoreRequest } from './restore-request.ts';

/** The answer of a destination, as far as admission cares. */
export type ProbeFact =
  { readonly kind: 'exists' } | { readonly kind: 'none' } | { readonly kind: 'unknown'; readonly message: string };

/** All that admission decides from. */
export interface AdmissionFacts {
  readonly claim: ClaimFacts;
  /** True in Rebound's own, the engines' and Kubernetes' own namespaces. */
  readonly excludedNamespace: boolean;
  /** Names of all BackupPolicies, sorted. */
  readonly tiers: readonly string[];
  /** Absent until the destination was asked. */
  readonly probe?: ProbeFact | undefined;
}

/** What admission does with a claim, and the sentence that says why. */
export type AdmissionDecision =
  /** Left alone. `recorded` ones carry the decision annotation. */
  | { readonly kind: 'ignore'; readonly recorded: boolean; readonly reason: string; readonly message: string }
  | { readonly kind: 'reject'; readonly reason: string; readonly message: string }
  | { readonly kind: 'fresh' | 'restore' | 'hold'; readonly reason: string; readonly message: string };

/** `probe` means that the decision hangs on the destination's answer, which the facts do not hold yet. */
export type AdmissionStep = AdmissionDecision | { readonly kind: 'probe' };

type Rule = (facts: AdmissionFacts) => AdmissionStep | undefined;

/** Whether a reference names one of our VolumeRestores: admission made it, so admission may replace it. */
export const isVolumeRestoreReference = (reference: DataSourceReference | undefined): boolean =>
  reference?.apiGroup === API_GROUP && reference.kind === 'VolumeRestore';

const ignored = (recorded: boolean, reason: string, message: string): AdmissionStep => ({
  kind: 'ignore',
  recorded,
  reason,
  message,
});

const excludedNamespace: Rule = ({ excludedNamespace: excluded }) =>
  excluded ? ignored(false, 'ExcludedNamespace', 'Claims of system namespaces are left alone.') : undefined;

const unlabelled: Rule = ({ claim }) =>
  claim.labels[TIER_LABEL] === undefined
    ? ignored(false, 'NoLabel', `The claim has no label ${TIER_LABEL}.`)
    : undefined;

const ephemeral: Rule = ({ claim }) =>
  claim.ownerKinds.includes('Pod')
    ? ignored(false, 'Ephemeral', 'The claim lives and dies with its pod: it has no backups.')
    : undefined;

const engineHelper: Rule = ({ claim }) =>
  claim.labels['app.kubernetes.io/created-by'] === 'volsync'
    ? ignored(false, 'EngineHelper', "The claim is the backup engine's own.")
    : undefined;

const unknownTier: Rule = ({ claim, tiers }) => {
  const tier = claim.labels[TIER_LABEL] ?? '';
  if (tiers.includes(tier)) return undefined;
  const choice = tiers.length > 0 ? `Use one of: ${tiers.join(', ')}.` : 'There is no BackupPolicy yet: create one.';
  return {
    kind: 'reject',
    reason: 'UnknownTier',
    message: `Label ${TIER_LABEL}=${JSON.stringify(tier)} names no BackupPolicy. ${choice}`,
  };
};

const ownVolume: Rule = ({ claim }) =>
  claim.volumeName !== undefined && claim.volumeName !== ''
    ? ignored(
        true,
        'OwnVolume',
        `spec.volumeName is ${claim.volumeName}: the volume was chosen by whoever made the claim.`,
      )
    : undefined;

/**
 * The kinds that the API server accepts in `spec.dataSource`. Any other is dropped there without a word when
 * `spec.dataSourceRef` is not set (EnforceDataSourceBackwardsCompatibility, kubernetes/pkg/api/persistentvolumeclaim),
 * and the claim binds blank.
 */
const isKeptInDataSource = ({ apiGroup = '', kind }: DataSourceReference): boolean =>
  (apiGroup === '' && kind === 'PersistentVolumeClaim') ||
  (apiGroup === 'snapshot.storage.k8s.io' && kind === 'VolumeSnapshot');

const ownDataSource: Rule = ({ claim }) => {
  const source = [claim.dataSourceRef, claim.dataSource].find(
    (reference) => reference !== undefined && !isVolumeRestoreReference(reference),
  );
  if (source === undefined) return undefined;
  if (claim.dataSourceRef === undefined && !isKeptInDataSource(source)) {
    return {
      kind: 'reject',
      reason: 'DroppedDataSource',
      message: `spec.dataSource names ${source.kind} ${source.name}, which Kubernetes drops silently: the volume would be empty. Put it in spec.dataSourceRef.`,
    };
  }
  return ignored(
    true,
    'OwnDataSource',
    `The claim is filled from ${source.kind} ${source.name}, as whoever made it asked for.`,
  );
};

const malformedRequest: Rule = ({ claim }) => {
  const parsed = parseRestoreRequest(claim.annotations[RESTORE_ANNOTATION]);
  return parsed.ok ? undefined : { kind: 'reject', reason: 'MalformedRestore', message: parsed.message };
};

const askedForBlank: Rule = ({ claim }) =>
  claim.annotations[RESTORE_ANNOTATION] === 'none'
    ? {
        kind: 'fresh',
        reason: 'AskedFor',
        message: `Annotation ${RESTORE_ANNOTATION} is "none": the claim starts blank, whatever backups there are.`,
      }
    : undefined;

/** The snapshot or the time that was asked for by name: a blank volume is not what such a user wants. */
const certainRequest = (claim: ClaimFacts): string | undefined => {
  const asked = claim.annotations[RESTORE_ANNOTATION];
  return asked === undefined || ['latest', 'newest', 'none'].includes(asked) ? undefined : asked;
};

const nothingToRestore = (asked: string, why: string): AdmissionStep => ({
  kind: 'reject',
  reason: 'NothingToRestore',
  message: `Annotation ${RESTORE_ANNOTATION} asks for ${asked}, but ${why}. Take the annotation away to start blank.`,
});

const generatedName: Rule = ({ claim }) => {
  if (claim.name !== '') return undefined;
  const asked = certainRequest(claim);
  if (asked !== undefined) return nothingToRestore(asked, 'a claim with a generated name has no backup yet');
  return {
    kind: 'fresh',
    reason: 'GeneratedName',
    message: 'The name of the claim is generated, so there can be no backup of it yet.',
  };
};

const askedForMissing: Rule = ({ claim, probe }) => {
  const asked = certainRequest(claim);
  if (probe?.kind !== 'none' || asked === undefined) return undefined;
  return nothingToRestore(asked, 'the destination holds no backup of this claim');
};

const fromProbe: Rule = ({ probe }) => {
  switch (probe?.kind) {
    case undefined:
      return { kind: 'probe' };
    case 'exists':
      return {
        kind: 'restore',
        reason: 'BackupExists',
        message: 'A backup of this claim exists: it is restored first.',
      };
    case 'none':
      return {
        kind: 'fresh',
        reason: 'NoBackup',
        message: 'The destination holds no backup of this claim: it starts blank.',
      };
    case 'unknown':
      return {
        kind: 'hold',
        reason: 'DestinationUnknown',
        message: `Whether a backup of this claim exists is not known, so it waits: ${probe.message}`,
      };
  }
};

const chain: readonly Rule[] = [
  excludedNamespace,
  unlabelled, // Only an object selector that was edited lets such a claim come here.
  ephemeral,
  engineHelper,
  ownVolume,
  unknownTier,
  ownDataSource,
  malformedRequest,
  askedForBlank,
  generatedName,
  askedForMissing,
  fromProbe,
];

/**
 * Decides what becomes of a claim that is being created. Called without a probe first; when the answer is `probe`, ask the
 * destination and call again.
 */
export function decideAdmission(facts: AdmissionFacts): AdmissionStep {
  for (const rule of chain) {
    const step = rule(facts);
    if (step !== undefined) return step;
  }
  return { kind: 'probe' };
}
