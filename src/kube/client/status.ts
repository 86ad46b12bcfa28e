import { z } from 'zod';
import { KubeError, type KubeErrorDetails, type RequestSubject } from './errors.ts';
import type { HttpResponse } from './connection.ts';

/** The fields of metav1.Status that matter to a client. */
const status = z.object({
  kind: z.literal('Status'),
  message: z.string().optional(),
  reason: z.string().optional(),
  code: z.number().optional(),
  details: z.object({ retryAfterSeconds: z.number().optional() }).optional(),
});

/** Reasons for codes whose answers carry no Status, as a proxy's do. */
const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'NotFound',
  409: 'Conflict',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  500: 'InternalError',
  503: 'ServiceUnavailable',
  504: 'Timeout',
};

/** An unstructured answer is quoted this far. */
const quotedCharacters = 300;

/** The error that a Status object describes, as the body of an answer or as an ERROR event of a watch. */
export function errorFromStatus(subject: RequestSubject, value: unknown, fallbackCode: number): KubeError {
  const parsed = status.safeParse(value);
  if (!parsed.success) return new KubeError(subject, { code: fallbackCode, ...unstructured(fallbackCode, '') });
  const code = parsed.data.code ?? fallbackCode;
  return new KubeError(subject, {
    code,
    reason: nonEmpty(parsed.data.reason) ?? reasonOf(code),
    detail: nonEmpty(parsed.data.message) ?? 'the server gave no message',
    retryAfterSeconds: parsed.data.details?.retryAfterSeconds,
  });
}

/** The error that an answer with a code of 300 or above means. */
export function errorFromResponse(subject: RequestSubject, response: HttpResponse, text: string): KubeError {
  const retryAfterSeconds = retryAfterOf(response.headers['retry-after']);
  const body = parseJson(text);
  if (body !== undefined && status.safeParse(body).success) {
    const error = errorFromStatus(subject, body, response.statusCode);
    if (error.retryAfterSeconds !== undefined || retryAfterSeconds === undefined) return error;
    return errorFromStatus(subject, withRetryAfter(body, retryAfterSeconds), response.statusCode);
  }
  const details = { code: response.statusCode, ...unstructured(response.statusCode, text), retryAfterSeconds };
  return new KubeError(subject, details);
}

function withRetryAfter(body: unknown, retryAfterSeconds: number): unknown {
  const parsed = status.parse(body);
  return { ...parsed, details: { ...parsed.details, retryAfterSeconds } };
}

function unstructured(code: number, text: string): Pick<KubeErrorDetails, 'reason' | 'detail'> {
  const detail = text.trim() === '' ? 'the server gave no message' : text.trim().slice(0, quotedCharacters);
  return { reason: reasonOf(code), detail };
}

function reasonOf(code: number): string {
  return reasons[code] ?? 'Unknown';
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}

/** Seconds only: API servers never send the date form. */
function retryAfterOf(header: string | string[] | undefined): number | undefined {
  const seconds = Number(header);
  return header === undefined || !Number.isInteger(seconds) || seconds < 0 ? undefined : seconds;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
