import type { IncomingHttpHeaders } from 'node:http';
import { failure, type Failure, type UnknownReason } from '../outcome.ts';
import type { HttpResponse } from './transport.ts';
import { parseXml, XmlError, type XmlElement } from './xml.ts';

// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html; XAdminUserNotFound: versitygw, with HTTP status 404.
const REASONS: Readonly<Record<string, UnknownReason>> = {
  AccessDenied: 'AccessDenied',
  AllAccessDisabled: 'AccessDenied',
  AccountProblem: 'AccessDenied',
  InvalidAccessKeyId: 'WrongCredentials',
  SignatureDoesNotMatch: 'WrongCredentials',
  ExpiredToken: 'WrongCredentials',
  InvalidToken: 'WrongCredentials',
  TokenRefreshRequired: 'WrongCredentials',
  InvalidSecurity: 'WrongCredentials',
  XAdminUserNotFound: 'WrongCredentials',
  // GetObject of an object in an archive tier (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html).
  InvalidObjectState: 'ObjectArchived',
  RequestTimeTooSkewed: 'ClockSkew',
  NoSuchBucket: 'NoSuchBucket',
  PermanentRedirect: 'WrongRegion',
  TemporaryRedirect: 'WrongRegion',
  Redirect: 'WrongRegion',
  AuthorizationHeaderMalformed: 'WrongRegion',
  IllegalLocationConstraintException: 'WrongRegion',
  SlowDown: 'Throttled',
  ServiceUnavailable: 'Throttled',
  TooManyRequests: 'Throttled',
  RequestLimitExceeded: 'Throttled',
};

const byStatus = (status: number): UnknownReason => {
  if (status === 429 || status === 503) return 'Throttled';
  if (status === 403 || status === 401) return 'AccessDenied';
  return status >= 400 && status < 600 ? 'StoreError' : 'BadResponse';
};

const parsed = (body: Buffer): XmlElement | undefined => {
  try {
    return parseXml(body.toString('utf8'));
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
};

/** The `<Code>` of an S3 error document; `undefined` when the body is anything else. */
export const errorCodeOf = (body: Buffer): string | undefined => {
  const code = textOf(parsed(body), 'Code');
  return code !== undefined && /^[A-Za-z0-9.]{1,64}$/.test(code) ? code : undefined;
};

const textOf = (root: XmlElement | undefined, child: string): string | undefined =>
  root?.name === 'Error' ? root.children.find(({ name }) => name === child)?.text : undefined;

// AWS says the right region in a header; Garage, whose region is "garage" unless it was set, and AWS say it in <Region>.
const regionHint = (headers: IncomingHttpHeaders, root: XmlElement | undefined): string => {
  const region = headers['x-amz-bucket-region'] ?? textOf(root, 'Region');
  return typeof region === 'string' && /^[a-z0-9-]{1,63}$/.test(region)
    ? `; the store says its region is ${region}: put it into spec.s3.region`
    : '';
};

const hints: Partial<Record<UnknownReason, string>> = {
  ObjectArchived:
    '; the object was moved to an archive tier: restore it there, and take the prefix out of the lifecycle rule that moves it',
};

/**
 * Says what an answer other than the expected one means. Only the status, the error code and the region are taken into
 * the message: the server's own text may echo an access key.
 */
export const describeError = (response: HttpResponse): Failure => {
  const code = errorCodeOf(response.body);
  const reason = REASONS[code ?? ''] ?? byStatus(response.status);
  const kind = code ?? 'not an S3 error document';
  const region = reason === 'WrongRegion' ? regionHint(response.headers, parsed(response.body)) : '';
  return failure(reason, `HTTP ${response.status} (${kind})${region}${hints[reason] ?? ''}`);
};
