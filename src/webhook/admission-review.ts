import { z } from 'zod';
import type { ClaimFacts } from '../domain/claim.ts';

/** Why a request is no admission of a claim. Every one of them is counted. */
export type RefusalReason =
  | 'path'
  | 'method'
  | 'content-type'
  | 'too-large'
  | 'incomplete'
  | 'busy'
  | 'not-json'
  | 'not-a-review'
  | 'foreign-kind'
  | 'foreign-operation'
  | 'malformed-claim';

export interface Refusal {
  readonly ok: false;
  readonly reason: RefusalReason;
  readonly statusCode: number;
  /** A sentence for whoever set the webhook up wrongly. */
  readonly message: string;
}

/** The creation of a claim that the API server asks about. */
export interface ClaimReview {
  readonly ok: true;
  /** Ties the answer to the question. */
  readonly uid: string;
  readonly claim: ClaimFacts;
  /** Whether the object has the parents that a patch needs. */
  readonly hasAnnotations: boolean;
  readonly hasSpec: boolean;
}

// Only what decisions need is looked at: everything else is the API server's to judge.
const text = z.string().nullish();
const stringMap = z.record(z.string(), z.string()).nullish();
const reference = z.object({ apiGroup: text, kind: z.string(), name: z.string(), namespace: text }).nullish();
const selector = z.object({ matchLabels: stringMap, matchExpressions: z.array(z.unknown()).nullish() }).nullish();

const claimSchema = z.object({
  metadata: z.object({
    name: text,
    generateName: text,
    labels: stringMap,
    annotations: stringMap,
    ownerReferences: z.array(z.object({ kind: z.string() })).nullish(),
    managedFields: z.array(z.object({ manager: text })).nullish(),
  }),
  spec: z
    .object({
      dataSource: reference,
      dataSourceRef: reference,
      volumeName: text,
      selector,
      volumeMode: text,
      accessModes: z.array(z.string()).nullish(),
      storageClassName: text,
    })
    .nullish(),
});

const reviewSchema = z.object({
  apiVersion: z.literal('admission.k8s.io/v1'),
  kind: z.literal('AdmissionReview'),
  request: z.object({
    uid: z.string().min(1).max(256),
    kind: z.object({ group: z.string(), version: z.string(), kind: z.string() }),
    subResource: text,
    operation: z.string(),
    namespace: text,
    object: z.unknown(),
  }),
});

type ReviewRequest = z.infer<typeof reviewSchema>['request'];
type Claim = z.infer<typeof claimSchema>;
type Reference = z.infer<typeof reference>;

const refuse = (reason: RefusalReason, statusCode: number, message: string): Refusal => ({
  ok: false,
  reason,
  statusCode,
  message,
});

/** Reads the body of a request. Fields that no decision needs may be anything. */
export function parseAdmissionReview(body: string): ClaimReview | Refusal {
  const json = parseJson(body);
  if (json === undefined) return refuse('not-json', 400, 'The body is not JSON.');
  const review = reviewSchema.safeParse(json);
  if (!review.success) {
    return refuse('not-a-review', 400, `The body is not an AdmissionReview v1: ${issues(review.error)}.`);
  }
  const { request } = review.data;
  return foreign(request) ?? parseClaim(request);
}

function parseJson(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function foreign({ kind, subResource, operation }: ReviewRequest): Refusal | undefined {
  const isClaim = kind.group === '' && kind.kind === 'PersistentVolumeClaim' && (subResource ?? '') === '';
  if (!isClaim) {
    const what = JSON.stringify([kind.group, kind.version, kind.kind, subResource ?? ''].join('/').slice(0, 256));
    return refuse('foreign-kind', 422, `Only PersistentVolumeClaims are decided here, not ${what}.`);
  }
  if (operation === 'CREATE') return undefined;
  const shown = JSON.stringify(operation.slice(0, 64));
  return refuse('foreign-operation', 422, `Only CREATE is decided here, not ${shown}.`);
}

function parseClaim(request: ReviewRequest): ClaimReview | Refusal {
  const parsed = claimSchema.safeParse(request.object);
  if (!parsed.success) {
    return refuse('malformed-claim', 400, `The request's object is not a claim: ${issues(parsed.error)}.`);
  }
  const { metadata, spec } = parsed.data;
  return {
    ok: true,
    uid: request.uid,
    hasAnnotations: isPresent(metadata.annotations),
    hasSpec: isPresent(spec),
    // Never the object's own namespace: it is the request's that the claim will live in.
    claim: {
      namespace: request.namespace ?? '',
      ...metadataFacts(metadata),
      ...specFacts(spec ?? {}),
      storageClassName: metadata.annotations?.[OLD_CLASS_ANNOTATION] ?? spec?.storageClassName ?? undefined,
    },
  };
}

const isPresent = (value: unknown): boolean => value !== undefined && value !== null;

/** Wins over spec.storageClassName to this day (component-helpers, storage/volume/helpers.go). */
const OLD_CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

const metadataFacts = ({
  name,
  generateName,
  labels,
  annotations,
  ownerReferences,
  managedFields,
}: Claim['metadata']) => ({
  name: name ?? '',
  generateName: generateName ?? undefined,
  labels: labels ?? {},
  annotations: annotations ?? {},
  ownerKinds: (ownerReferences ?? []).map((owner) => owner.kind),
  managers: (managedFields ?? []).flatMap(({ manager }) => manager ?? []),
});

const specFacts = (spec: NonNullable<Claim['spec']>) => ({
  dataSource: referenceOf(spec.dataSource),
  dataSourceRef: referenceOf(spec.dataSourceRef),
  volumeName: spec.volumeName ?? undefined,
  selector: selectorOf(spec.selector),
  volumeMode: spec.volumeMode ?? undefined,
  accessModes: spec.accessModes ?? undefined,
});

const selectorOf = (value: NonNullable<Claim['spec']>['selector']): ClaimFacts['selector'] =>
  value === undefined || value === null
    ? undefined
    : { matchLabels: value.matchLabels ?? {}, expressions: value.matchExpressions?.length ?? 0 };

const referenceOf = (value: Reference): ClaimFacts['dataSource'] =>
  value === undefined || value === null
    ? undefined
    : {
        kind: value.kind,
        name: value.name,
        apiGroup: value.apiGroup ?? undefined,
        namespace: value.namespace ?? undefined,
      };

/** Paths and reasons; a value could be anything, and as long as the whole request. */
const issues = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map((issue) => `${issue.path.join('.').slice(0, 100)}: ${issue.code}`)
    .join('; ');
