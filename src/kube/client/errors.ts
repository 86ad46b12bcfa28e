import { objectKey } from '../model/kind.ts';

/** What was asked of the API server, in words that may be shown to anyone. */
export interface RequestSubject {
  /** Kubernetes verb: get, list, watch, create, patch, delete, ... */
  readonly verb: string;
  /** Plural resource name, or the path of a raw request. */
  readonly resource: string;
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}

export interface KubeErrorDetails {
  /** HTTP status code; 0 where no answer came. */
  readonly code: number;
  /** Kubernetes' reason (`NotFound`, `Conflict`, ...), or ours where no answer came: see the constants. */
  readonly reason: string;
  /** What the server said, or what broke. */
  readonly detail: string;
  readonly retryAfterSeconds?: number | undefined;
}

/** No answer within the time allowed. Whether the request had an effect is unknown. */
export const reasonDeadlineExceeded = 'DeadlineExceeded';
/** The connection failed or broke. Whether the request had an effect is unknown. */
export const reasonConnectionFailed = 'ConnectionFailed';
/** The caller gave up. */
export const reasonAborted = 'Aborted';
/** The server answered with something that is not what was asked for. */
export const reasonUnreadable = 'UnreadableAnswer';

/**
 * A request to the API server that did not succeed. The message never holds request bodies, headers or tokens, nor,
 * for Secrets, what the server said about their content.
 */
export class KubeError extends Error {
  override readonly name = 'KubeError';
  readonly code: number;
  readonly reason: string;
  readonly subject: RequestSubject;
  readonly retryAfterSeconds: number | undefined;

  constructor(subject: RequestSubject, details: KubeErrorDetails, cause?: unknown) {
    super(messageOf(subject, details), cause === undefined ? undefined : { cause });
    this.code = details.code;
    this.reason = details.reason;
    this.subject = subject;
    this.retryAfterSeconds = details.retryAfterSeconds;
  }
}

function messageOf(subject: RequestSubject, details: KubeErrorDetails): string {
  const object = subject.name === undefined ? subject.namespace : objectKey({ ...subject, name: subject.name });
  const target = object === undefined ? subject.resource : `${subject.resource} ${object}`;
  const code = details.code === 0 ? '' : ` ${details.code}`;
  return `cannot ${subject.verb} ${target}:${code} ${details.reason}: ${safeDetail(subject, details)}`;
}

/** Validation messages may quote the value they refuse; a Secret's value must not travel that way. */
function safeDetail(subject: RequestSubject, details: KubeErrorDetails): string {
  const mayQuote = details.code === 400 || details.code === 422 || details.code >= 500;
  return subject.resource === 'secrets' && mayQuote ? '(withheld: it could quote the Secret)' : details.detail;
}

function hasCode(error: unknown, code: number, reason?: string): boolean {
  return error instanceof KubeError && error.code === code && (reason === undefined || error.reason === reason);
}

export const isNotFound = (error: unknown): boolean => hasCode(error, 404);
export const isAlreadyExists = (error: unknown): boolean => hasCode(error, 409, 'AlreadyExists');
/** Somebody else changed the object, a precondition failed, or another field manager owns a field. */
export const isConflict = (error: unknown): boolean => hasCode(error, 409) && !isAlreadyExists(error);
export const isUnauthorized = (error: unknown): boolean => hasCode(error, 401);
export const isForbidden = (error: unknown): boolean => hasCode(error, 403);
/** The resource version or continue token is too old: list again. */
export const isGone = (error: unknown): boolean => hasCode(error, 410);
/** The object was refused by validation; sending it again will not help. */
export const isInvalid = (error: unknown): boolean => hasCode(error, 422);
/** No answer in time, from the server or ours: the effect is unknown. */
export const isTimeout = (error: unknown): boolean =>
  hasCode(error, 0, reasonDeadlineExceeded) || hasCode(error, 504) || hasCode(error, 408);
export const isConnectionFailed = (error: unknown): boolean => hasCode(error, 0, reasonConnectionFailed);
export const isAborted = (error: unknown): boolean => hasCode(error, 0, reasonAborted);
/** A namespace on its way out accepts nothing new. */
export const isNamespaceTerminating = (error: unknown): boolean =>
  isForbidden(error) && error instanceof Error && error.message.includes('because it is being terminated');

/**
 * The server does not serve the kind: its CRD is missing. The API server answers so in plain text for a group that it does
 * not know, and in a Status for a kind of one that it knows.
 */
export const isKindMissing = (error: unknown): boolean =>
  error instanceof KubeError &&
  error.code === 404 &&
  /404 page not found|could not find the requested resource/.test(error.message);

const writeVerbs: readonly string[] = ['create', 'update', 'patch', 'delete'];
const refusingCodes: readonly number[] = [400, 403, 405, 413, 422];

/**
 * A write was refused and would be again, until somebody changes something: by a quota, a policy, validation, a webhook, a
 * missing right or a missing CRD. Conflicts, absent objects and requests to come back later are no refusals.
 */
export function isRefusal(error: unknown): error is KubeError {
  if (!(error instanceof KubeError) || !writeVerbs.includes(error.subject.verb)) return false;
  if (isNamespaceTerminating(error)) return false;
  return refusingCodes.includes(error.code) || isKindMissing(error) || isRefusedByWebhook(error);
}

/** A webhook that must be asked and does not answer refuses too (k8s.io/apiserver/pkg/admission/plugin/webhook). */
const isRefusedByWebhook = (error: KubeError): boolean =>
  error.code === 500 && error.message.includes('failed calling webhook');
