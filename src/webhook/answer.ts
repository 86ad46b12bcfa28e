import type { JsonPatchOperation } from '../kube/client/client.ts';

/** What the API server is told. */
export type AdmissionAnswer =
  | {
      readonly kind: 'allowed';
      readonly operations: readonly JsonPatchOperation[];
      /** Sentences for the user, at most 256 characters each. */
      readonly warnings: readonly string[];
      /** For the audit log; the API server puts the webhook's name before each key. */
      readonly auditAnnotations: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'denied';
      /** HTTP status that the user's request ends with. */
      readonly code: number;
      readonly reason: string;
      readonly message: string;
      /** The user's client may ask again after this time. */
      readonly retryAfterSeconds?: number;
      readonly auditAnnotations: Readonly<Record<string, string>>;
    };

/** The AdmissionReview v1 that carries an answer, as JSON. */
export function encodeAnswer(uid: string, answer: AdmissionAnswer): string {
  const response = answer.kind === 'allowed' ? allowedResponse(uid, answer) : deniedResponse(uid, answer);
  return JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response });
}

function allowedResponse(uid: string, answer: Extract<AdmissionAnswer, { kind: 'allowed' }>): object {
  const { operations, warnings, auditAnnotations } = answer;
  if (operations.length === 0) return { uid, allowed: true, warnings, auditAnnotations };
  const patch = Buffer.from(JSON.stringify(operations)).toString('base64');
  return { uid, allowed: true, patchType: 'JSONPatch', patch, warnings, auditAnnotations };
}

function deniedResponse(uid: string, answer: Extract<AdmissionAnswer, { kind: 'denied' }>): object {
  const { code, reason, message, retryAfterSeconds, auditAnnotations } = answer;
  const details = retryAfterSeconds === undefined ? {} : { details: { retryAfterSeconds } };
  return { uid, allowed: false, status: { code, reason, message, ...details }, auditAnnotations };
}
