import { EXPECTED_FLOOR_DIGEST } from '../api/expected-floor.ts';
import { FLOOR_NAME, floorDigest, type FloorRules } from '../api/floor.ts';
import { TIER_LABEL } from '../api/labels.ts';
import { EXCLUDED_NAMESPACES } from './excluded-namespaces.ts';

interface Requirement {
  readonly key: string;
  readonly operator: string;
  readonly values?: readonly string[] | undefined;
}

interface Selector {
  readonly matchLabels?: Readonly<Record<string, string>> | undefined;
  readonly matchExpressions?: readonly Requirement[] | undefined;
}

interface Rule {
  readonly apiGroups?: readonly string[] | undefined;
  readonly apiVersions?: readonly string[] | undefined;
  readonly operations?: readonly string[] | undefined;
  readonly resources?: readonly string[] | undefined;
}

interface Matching {
  readonly objectSelector?: Selector | undefined;
  readonly namespaceSelector?: Selector | undefined;
}

/** The policy's part of the guard, as the API server holds it. */
export interface FloorPolicy extends FloorRules {
  readonly failurePolicy?: string | undefined;
  readonly paramKind?: unknown;
  readonly matchConstraints?:
    | (Matching & {
        readonly resourceRules?: readonly Rule[] | undefined;
        readonly excludeResourceRules?: readonly Rule[] | undefined;
      })
    | undefined;
}

export interface FloorBinding {
  readonly policyName?: string | undefined;
  readonly validationActions?: readonly string[] | undefined;
  readonly matchResources?: unknown;
}

export interface ClaimWebhook extends Matching {
  readonly rules?: readonly Rule[] | undefined;
  readonly matchConditions?: readonly unknown[] | undefined;
}

/** What stands between a labelled claim and an empty volume; what is absent does not exist. */
export interface GuardFacts {
  readonly policy: FloorPolicy | undefined;
  readonly binding: FloorBinding | undefined;
  /** The one webhook that claims are sent to. */
  readonly webhook: ClaimWebhook | undefined;
}

export type GuardVerdict =
  | { readonly guarded: true }
  /** `message` is a whole sentence, or several, that say what it means and what to do. */
  | { readonly guarded: false; readonly reason: string; readonly message: string };

const APPLY = 'Apply manifests/ and policies/ of this version again.';
const UNREFUSED =
  'While the webhook is away, a labelled claim may be created without a decision and bind to an empty volume in place of its data.';
const UNASKED = 'Labelled claims are refused at creation, or pass undecided where the policy is missing too.';

const broken = (reason: string, what: string, means: string): GuardVerdict => ({
  guarded: false,
  reason,
  message: `${what} ${means} ${APPLY}`,
});

/** Judges whether labelled claims are decided on or refused. The floor comes first: without it nothing refuses. */
export function judgeGuard({ policy, binding, webhook }: GuardFacts): GuardVerdict {
  if (policy === undefined || binding === undefined) {
    const what = policy === undefined ? 'ValidatingAdmissionPolicy' : 'ValidatingAdmissionPolicyBinding';
    return broken('FloorMissing', `The ${what} that refuses undecided claims is missing.`, UNREFUSED);
  }
  const altered = floorFault(policy) ?? bindingFault(binding);
  if (altered !== undefined)
    return broken('FloorAltered', `The policy that refuses undecided claims was altered: ${altered}.`, UNREFUSED);
  if (webhook === undefined) {
    return broken(
      'WebhookMissing',
      'The MutatingWebhookConfiguration that sends claims to Rebound is missing.',
      UNASKED,
    );
  }
  const fault = webhookFault(webhook);
  return fault === undefined
    ? { guarded: true }
    : broken('WebhookAltered', `The configuration that sends claims to Rebound was altered: ${fault}.`, UNASKED);
}

function floorFault(policy: FloorPolicy): string | undefined {
  const { failurePolicy = 'Fail', matchConstraints = {}, paramKind } = policy;
  if (failurePolicy !== 'Fail') return `its failurePolicy is ${failurePolicy}`;
  if (paramKind !== undefined) return 'it has a parameter';
  if (!coversClaims(matchConstraints.resourceRules)) return 'its rules leave out the creation of claims';
  if ((matchConstraints.excludeResourceRules ?? []).length > 0) return 'it has exceptions';
  if (floorDigest(policy) !== EXPECTED_FLOOR_DIGEST) {
    return 'its conditions or validations are not those of this version';
  }
  return matchingFault(matchConstraints);
}

function bindingFault({ policyName, validationActions = [], matchResources }: FloorBinding): string | undefined {
  if (policyName !== FLOOR_NAME) return `its binding names policy ${policyName ?? ''}`;
  if (!validationActions.includes('Deny')) return 'its binding does not deny';
  return matchResources === undefined ? undefined : 'its binding is narrowed';
}

function webhookFault(webhook: ClaimWebhook): string | undefined {
  if (!coversClaims(webhook.rules)) return 'its rules leave out the creation of claims';
  if ((webhook.matchConditions ?? []).length > 0) return 'it has match conditions';
  return matchingFault(webhook);
}

const covers = (values: readonly string[] | undefined, value: string): boolean =>
  values !== undefined && (values.includes('*') || values.includes(value));

const coversClaims = (rules: readonly Rule[] | undefined): boolean =>
  (rules ?? []).some(
    (rule) =>
      covers(rule.apiGroups, '') &&
      covers(rule.apiVersions, 'v1') &&
      covers(rule.operations, 'CREATE') &&
      covers(rule.resources, 'persistentvolumeclaims'),
  );

/** Selectors may be wider than ours, never narrower. */
function matchingFault({ objectSelector, namespaceSelector }: Matching): string | undefined {
  const narrowed = requirementsOf(objectSelector).find(
    ({ key, operator }) => key !== TIER_LABEL || operator !== 'Exists',
  );
  if (narrowed !== undefined) return `it leaves out claims by ${narrowed.key}`;
  const excluding = requirementsOf(namespaceSelector).find((one) => !isOurExclusion(one));
  return excluding === undefined ? undefined : `it leaves out namespaces by ${excluding.key}`;
}

const requirementsOf = (selector: Selector | undefined): readonly Requirement[] => [
  ...Object.keys(selector?.matchLabels ?? {}).map((key) => ({ key, operator: 'In' })),
  ...(selector?.matchExpressions ?? []),
];

const isOurExclusion = ({ key, operator, values = [] }: Requirement): boolean =>
  key === 'kubernetes.io/metadata.name' &&
  operator === 'NotIn' &&
  values.every((name) => EXCLUDED_NAMESPACES.includes(name));
