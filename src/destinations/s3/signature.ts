import { createHash, createHmac, createSecretKey, type KeyObject } from 'node:crypto';

export type SigningCredentials = {
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
};

/** A request to sign. `path` is percent-encoded already; `query` is not. Header names are in lower case. */
export type UnsignedRequest = {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | undefined;
};

/** The query as it has to be sent, and all headers to send but `host`. */
type SignedRequest = { readonly queryString: string; readonly headers: Readonly<Record<string, string>> };

export type Signer = (request: UnsignedRequest, now: Date) => SignedRequest;

const ALGORITHM = 'AWS4-HMAC-SHA256';
const EMPTY_SHA256 = createHash('sha256').digest('hex');

const sha256 = (data: string | Uint8Array): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer | KeyObject, data: string): Buffer =>
  createHmac('sha256', key).update(data).digest();

/** Percent-encodes everything but the unreserved characters of RFC 3986, as the signature demands. */
export const encodeComponent = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

const canonicalQuery = (query: Readonly<Record<string, string>>): string =>
  Object.entries(query)
    .map(([name, value]) => `${encodeComponent(name)}=${encodeComponent(value)}`)
    .sort()
    .join('&');

// "20260102T030405Z"
const basicTime = (now: Date): string => now.toISOString().replace(/[-:]|\.\d{3}/g, '');

// A key object: of plain bytes, Node finds out anew for every signature that they are no such object, by an exception.
const signingKey = (credentials: SigningCredentials, day: string): KeyObject =>
  createSecretKey(
    ['s3', 'aws4_request'].reduce<Buffer>(
      hmac,
      hmac(hmac(`AWS4${credentials.secretAccessKey}`, day), credentials.region),
    ),
  );

/**
 * Makes a signer of requests to S3, AWS Signature Version 4 in the Authorization header
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html). Every header is signed, the body's
 * hash too. The derived key is kept for the day that it is good for.
 */
export const createSigner = (credentials: SigningCredentials): Signer => {
  let cached: { readonly day: string; readonly key: KeyObject } | undefined;
  const keyOf = (day: string): KeyObject => {
    if (cached?.day !== day) cached = { day, key: signingKey(credentials, day) };
    return cached.key;
  };

  return (request, now) => {
    const time = basicTime(now);
    const day = time.slice(0, 8);
    const bodyHash = request.body === undefined ? EMPTY_SHA256 : sha256(request.body);
    const token = credentials.sessionToken;
    const headers: Record<string, string> = {
      ...request.headers,
      'x-amz-content-sha256': bodyHash,
      'x-amz-date': time,
      ...(token === undefined ? {} : { 'x-amz-security-token': token }),
    };
    const signed: Record<string, string> = { ...headers, host: request.host };
    const names = Object.keys(signed).sort();
    const canonicalHeaders = names.map((name) => `${name}:${signed[name] ?? ''}\n`).join('');
    const queryString = canonicalQuery(request.query);
    const signedNames = names.join(';');
    const canonical = [request.method, request.path, queryString, canonicalHeaders, signedNames, bodyHash].join('\n');
    const scope = `${day}/${credentials.region}/s3/aws4_request`;
    const signature = hmac(keyOf(day), [ALGORITHM, time, scope, sha256(canonical)].join('\n')).toString('hex');
    const credential = `${credentials.accessKeyId}/${scope}`;
    headers['authorization'] =
      `${ALGORITHM} Credential=${credential}, SignedHeaders=${signedNames}, Signature=${signature}`;
    return { queryString, headers };
  };
};
