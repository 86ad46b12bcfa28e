import { API_GROUP } from '../api/group.ts';
import { RESTORE_ANNOTATION, TIER_LABEL } from '../api/labels.ts';
import type { ClaimFacts, DataSourceReference } from './claim.ts';
import { helperReason, type Reason } from './helper-claims.ts';
import { parseRestoreRequest } from './restore-request.ts';
import { type CopyMethod, uncopiedVolume } from './uncopied-volume.ts';
import { operatorReason, ownSelectorReason, unsupportedReason, veleroReason } from './unrestored-claims.ts';
import { howToWait, type StorageFacts } from './waiting-claim.ts';

/** The answer of a destination, as far as admission cares. */
export type ProbeFact =
  /** `destination`: where, if it is not the tier's own. */
  | { readonly kind: 'exists'; readonly destination?: string }
  /** `warning`: what has to be said with a blank start nevertheless. */
  | { readonly kind: 'none'; readonly warning?: string | undefined }
  | { readonly kind: 'unknown'; readonly message: string };

/** All that admission decides from. */
export interface AdmissionFacts {
  readonly claim: ClaimFacts;
  /** True in Rebound's own, the engines' and Kubernetes' own namespaces. */
  readonly excludedNamespace: boolean;
  /** Names of all BackupPolicies, sorted. */
  readonly tiers: readonly string[];
  readonly storage: StorageFacts;
  /** Of the claim's tier. Absent where that is not known. */
  readonly copyMethod?: CopyMethod | undefined;
  /** Absent until the destination was asked. */
  readonly probe?: ProbeFact | undefined;
}

interface Told extends Reason {
  /** Sentences for whoever creates the claim; only the first 247 characters of each are shown. */
  readonly warnings: readonly string[];
}

/** What admission does with a claim, and the sentence that says why. */
export type AdmissionDecision =
  /** Left alone. `recorded` ones carry the decision annotation. */
  | ({ readonly kind: 'ignore'; readonly recorded: boolean } & Told)
  | ({ readonly kind: 'reject' } & Reason)
  | ({ readonly kind: 'fresh' } & Told)
  /** `bySelector`: the claim gets a selector that nothing matches, for something else could bind it. */
  | ({ readonly kind: 'restore' | 'hold'; readonly bySelector: boolean } & Told);

/** `probe` means that the decision hangs on the destination's answer, which the facts do not hold yet. */
export type AdmissionStep = AdmissionDecision | { readonly kind: 'probe' };

type Rule = (facts: AdmissionFacts) => AdmissionStep | undefined;

/** Whether a reference names one of our VolumeRestores: admission made it, so admission may replace it. */
export const isVolumeRestoreReference = (reference: DataSourceReference | undefined): boolean =>
  reference?.apiGroup === API_GROUP && reference.kind === 'VolumeRestore';

/** Left alone without a trace. */
const passed = (reason: string, message: string): AdmissionStep => ({
  kind: 'ignore',
  recorded: false,
  reason,
  message,
  warnings: [],
});

/** Left alone, which its maker may not expect of a claim with the label. */
const ignored = ({ reason, message }: Reason): AdmissionStep => ({
  kind: 'ignore',
  recorded: true,
  reason,
  message,
  warnings: [message],
});

/** The rule that leaves those claims alone for which there is a reason. */
const leftAlone =
  (why: (claim: ClaimFacts) => Reason | undefined): Rule =>
  ({ claim }) => {
    const reason = why(claim);
    return reason === undefined ? undefined : ignored(reason);
  };

const excludedNamespace: Rule = ({ excludedNamespace: excluded }) =>
  excluded ? passed('ExcludedNamespace', 'Claims of system namespaces are left alone.') : undefined;

const unlabelled: Rule = ({ claim }) =>
  claim.labels[TIER_LABEL] === undefined ? passed('NoLabel', `The claim has no label ${TIER_LABEL}.`) : undefined;

const helper: Rule = ({ claim }) => {
  const why = helperReason(claim);
  return why === undefined ? undefined : passed(why.reason, why.message);
};

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

const ownVolume: Rule = ({ claim, storage }) => {
  if (claim.volumeName !== undefined && claim.volumeName !== '') {
    return ignored({
      reason: 'OwnVolume',
      message: `spec.volumeName is ${claim.volumeName}: the volume was chosen by whoever made the claim.`,
    });
  }
  if (storage.reservedVolume === undefined) return undefined;
  return ignored({
    reason: 'OwnVolume',
    message: `Volume ${storage.reservedVolume} is reserved for the claim by its claimRef, so nothing is restored. Take that claimRef away to have a backup restored.`,
  });
};

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
  // A reference of ours is taken away from a claim that is left alone.
  if (source === claim.dataSource && !isKeptInDataSource(source)) {
    return {
      kind: 'reject',
      reason: 'DroppedDataSource',
      message: `spec.dataSource names ${source.kind} ${source.name}, which Kubernetes drops silently: the volume would be empty. Put it in spec.dataSourceRef.`,
    };
  }
  return ignored({
    reason: 'OwnDataSource',
    message: `The claim is filled from ${source.kind} ${source.name}, as whoever made it asked for: no backup of Rebound's is restored, even a newer one. Take the data source away to have it restored.`,
  });
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
        warnings: [],
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
    warnings: [],
  };
};

const askedForMissing: Rule = ({ claim, probe }) => {
  const asked = certainRequest(claim);
  if (probe?.kind !== 'none' || asked === undefined) return undefined;
  return nothingToRestore(asked, 'the destination holds no backup of this claim');
};

const where = (destination: string | undefined): string =>
  destination === undefined ? '' : ` in BackupDestination ${destination}`;

const fromProbe: Rule = (facts) => {
  const { probe } = facts;
  switch (probe?.kind) {
    case undefined:
      return { kind: 'probe' };
    case 'exists':
      return waits(facts, {
        kind: 'restore',
        reason: 'BackupExists',
        message: `A backup of this claim exists${where(probe.destination)}: it is restored first.`,
        warnings: [],
      });
    case 'none':
      return {
        kind: 'fresh',
        reason: 'NoBackup',
        message: 'The destination holds no backup of this claim: it starts blank.',
        warnings: probe.warning === undefined ? [] : [`The claim starts blank. ${probe.warning}.`],
      };
    case 'unknown': {
      const message = `Whether a backup of this claim exists is not known, so it waits: ${probe.message}`;
      return waits(facts, { kind: 'hold', reason: 'DestinationUnknown', message, warnings: [message] });
    }
  }
};

/** Lets a claim wait in such a way that nothing else binds it, or refuses it where there is none. */
function waits(facts: AdmissionFacts, decision: { readonly kind: 'restore' | 'hold' } & Told): AdmissionDecision {
  const way = howToWait(facts.storage, facts.claim);
  if (way.kind === 'impossible') {
    const what = decision.kind === 'restore' ? 'exists' : 'may exist (the destination does not say)';
    return {
      kind: 'reject',
      reason: 'CannotWait',
      message: `A backup of this claim ${what}, but the claim cannot wait for it: ${way.message}`,
    };
  }
  return { ...decision, bySelector: way.kind === 'bySelector', warnings: [...decision.warnings, ...way.warnings] };
}

const chain: readonly Rule[] = [
  excludedNamespace,
  unlabelled, // Only an object selector that was edited lets such a claim come here.
  helper,
  leftAlone(veleroReason), // Before all that a restore by Velero may bring along: a volume, a source, a tier of another cluster.
  ownVolume,
  unknownTier,
  leftAlone(unsupportedReason),
  ownDataSource,
  leftAlone(operatorReason),
  malformedRequest,
  leftAlone(ownSelectorReason),
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
    if (step !== undefined) return withStorageWarning(step, facts);
  }
  return { kind: 'probe' };
}

function withStorageWarning(step: AdmissionStep, { claim, storage, copyMethod }: AdmissionFacts): AdmissionStep {
  if (step.kind !== 'fresh' && step.kind !== 'restore' && step.kind !== 'hold') return step;
  const warning = uncopiedVolume(claim, storage, copyMethod);
  return warning === undefined ? step : { ...step, warnings: [...step.warnings, warning] };
}
