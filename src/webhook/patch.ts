import {
  DECISION_ANNOTATION,
  DECISION_REASON_ANNOTATION,
  DECISION_TOKEN_ANNOTATION,
  WAITS_FOR_LABEL,
} from '../api/labels.ts';
import { API_GROUP } from '../api/group.ts';
import { type AdmissionDecision, isVolumeRestoreReference } from '../domain/admission.ts';
import { isWaitingSelector } from '../domain/waiting-claim.ts';
import type { JsonPatchOperation } from '../kube/client/client.ts';
import type { ClaimReview } from './admission-review.ts';
import { REASON_CHARACTERS, singleLine } from './message.ts';

/** What makes a decision that lets the claim through. */
export interface Marks {
  /** See `domain/decision-token.ts`. */
  readonly token: string;
  /** Name of the VolumeRestore that the controller will make, should the claim wait for one. */
  readonly restoreName: string;
}

export type AllowedDecision = Exclude<AdmissionDecision, { kind: 'reject' }>;

/** One step of a JSON pointer (RFC 6901, section 3). */
const escaped = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');

/**
 * The JSON patch (RFC 6902) that writes a decision into a claim: our annotations, and for a claim that waits the
 * reference to its VolumeRestore and, where it needs one, a selector. Old annotations, references and selectors of ours are
 * replaced or removed; what the user set stays.
 */
export function buildPatch(review: ClaimReview, decision: AllowedDecision, marks: Marks): JsonPatchOperation[] {
  if (decision.kind === 'ignore' && !decision.recorded) return [];
  const annotations = annotationOperations(review, decision, marks.token);
  switch (decision.kind) {
    case 'ignore':
      // The volume is of the maker's choice, and so is what Kubernetes wrote about it.
      return [...annotations, ...removals(review)];
    case 'fresh':
      return [...annotations, ...leftovers(review), ...removals(review)];
    case 'restore':
    case 'hold':
      return [...annotations, ...leftovers(review), ...waiting(review, marks.restoreName, decision.bySelector)];
  }
}

/**
 * What Kubernetes writes into a claim when it binds or places it. In a manifest that was exported from a cluster it speaks
 * of a volume or a node that the new claim does not have: with the first two, the claim would be Lost for ever
 * (k8s.io/kubernetes, pkg/controller/volume/persistentvolume), with the last, placed on a node that may be gone.
 */
const BINDING_LEFTOVERS = [
  'pv.kubernetes.io/bind-completed',
  'pv.kubernetes.io/bound-by-controller',
  'volume.kubernetes.io/selected-node',
];

const leftovers = (review: ClaimReview): JsonPatchOperation[] =>
  BINDING_LEFTOVERS.filter((key) => review.claim.annotations[key] !== undefined).map((key) => ({
    op: 'remove',
    path: `/metadata/annotations/${escaped(key)}`,
  }));

function annotationOperations(review: ClaimReview, decision: AllowedDecision, token: string): JsonPatchOperation[] {
  const ours = {
    [DECISION_ANNOTATION]: decision.kind,
    [DECISION_REASON_ANNOTATION]: singleLine(decision.message, REASON_CHARACTERS),
    [DECISION_TOKEN_ANNOTATION]: token,
  };
  if (!review.hasAnnotations) return [{ op: 'add', path: '/metadata/annotations', value: ours }];
  // "add" replaces a member that exists.
  return Object.entries(ours).map(([key, value]) => ({
    op: 'add',
    path: `/metadata/annotations/${escaped(key)}`,
    value,
  }));
}

/** The reference to the VolumeRestore, and the selector that nothing matches where the claim needs one to wait. */
function waiting(review: ClaimReview, restoreName: string, bySelector: boolean): JsonPatchOperation[] {
  const dataSourceRef = { apiGroup: API_GROUP, kind: 'VolumeRestore', name: restoreName };
  const selector = { matchLabels: { [WAITS_FOR_LABEL]: restoreName } };
  if (!review.hasSpec) {
    return [{ op: 'add', path: '/spec', value: { dataSourceRef, ...(bySelector ? { selector } : {}) } }];
  }
  return [
    { op: 'add', path: '/spec/dataSourceRef', value: dataSourceRef },
    // The API server copies the reference into dataSource; an old copy that differs would make the claim invalid.
    ...sourceRemoval(review, 'dataSource'),
    ...(bySelector ? [{ op: 'add', path: '/spec/selector', value: selector } as const] : selectorRemoval(review)),
  ];
}

/** What an earlier decision wrote into a manifest that was exported meanwhile. */
const removals = (review: ClaimReview): JsonPatchOperation[] => [
  ...sourceRemoval(review, 'dataSourceRef'),
  ...sourceRemoval(review, 'dataSource'),
  ...selectorRemoval(review),
];

const sourceRemoval = (review: ClaimReview, field: 'dataSource' | 'dataSourceRef'): JsonPatchOperation[] =>
  isVolumeRestoreReference(review.claim[field]) ? [{ op: 'remove', path: `/spec/${field}` }] : [];

const selectorRemoval = ({ claim }: ClaimReview): JsonPatchOperation[] =>
  isWaitingSelector(claim.selector) ? [{ op: 'remove', path: '/spec/selector' }] : [];
