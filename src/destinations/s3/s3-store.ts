import { createHash } from 'node:crypto';
import type { CallOptions, ReadOptions } from '../destination.ts';
import type { ListPage, ListPageOptions, ObjectStore } from '../object-store.ts';
import { failure, success, type Failure, type Outcome } from '../outcome.ts';
import { stepsWithin } from '../time-limit.ts';
import { bucketAddress, endpointOf } from './addressing.ts';
import { describeError, errorCodeOf } from './error-response.ts';
import { parseListResult, type ListResult } from './list-result.ts';
import { proxyOf, type ProxyEnvironment } from './proxy.ts';
import type { S3Settings } from './settings.ts';
import { createSigner, encodeComponent } from './signature.ts';
import { createTransport, type HttpResponse, type HttpTransport, type SendLimits } from './transport.ts';

export type S3StoreOptions = {
  /** The clock that requests are signed by. */
  readonly now?: () => Date;
  readonly transport?: HttpTransport;
  /** Says through which proxy the store is reached; without one, directly. */
  readonly proxyEnvironment?: ProxyEnvironment | undefined;
};

type Call = {
  readonly operation: 'LIST' | 'GET' | 'PUT' | 'DELETE';
  readonly key: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
};

type Sender = {
  readonly send: (call: Call, limits: SendLimits) => Promise<Outcome<HttpResponse>>;
  readonly close: () => Promise<void>;
};

// Names that go on after the key's own are listed too.
const ABSENCE_KEYS = 100;
const MAXIMUM_LIST_BYTES = 8 * 1024 * 1024;
const MAXIMUM_READ_BYTES = 16 * 1024 * 1024;
const MAXIMUM_ERROR_BYTES = 256 * 1024;

// Buckets with Object Lock and a default retention refuse a PUT without a checksum; this is the one that every store knows:
// https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
const md5 = (body: Uint8Array): string => createHash('md5').update(body).digest('base64');

const encodeKey = (key: string): string => key.split('/').map(encodeComponent).join('/');

const createSender = (settings: S3Settings, options: S3StoreOptions): Sender => {
  const address = bucketAddress(settings);
  const { origin } = address;
  const proxy = proxyOf(origin, options.proxyEnvironment ?? {});
  const transport = options.transport ?? createTransport({ origin, caPem: settings.caPem, proxy });
  const sign = createSigner(settings);
  const now = options.now ?? (() => new Date());
  const send: Sender['send'] = async ({ operation, key, query = {}, headers = {}, body }, limits) => {
    const method = operation === 'LIST' ? 'GET' : operation;
    const path = `${address.bucketPath}/${operation === 'LIST' ? '' : encodeKey(key)}`;
    const signed = sign({ method, host: address.host, path, query, headers, body }, now());
    const url = signed.queryString === '' ? path : `${path}?${signed.queryString}`;
    return transport.send({ method, path: url, headers: signed.headers, body }, limits);
  };
  return { send, close: () => transport.close() };
};

/** The failure, naming the request and the store that it was sent to. */
const named = (settings: S3Settings, call: Call, why: Failure): Failure => {
  const target = `${call.operation} ${endpointOf(settings)} bucket ${settings.bucket} ${call.operation === 'LIST' ? 'prefix' : 'key'}`;
  return failure(why.reason, `${target} ${call.key}: ${why.message}`);
};

const isHtml = (response: HttpResponse): boolean => /^text\/html/i.test(response.headers['content-type'] ?? '');

const NOT_A_STORE = failure('BadResponse', 'HTTP 200 with a web page: a proxy or login page answered, not the store');

const readResult = (response: HttpResponse): Outcome<Uint8Array | undefined> => {
  if (response.status === 200) return isHtml(response) ? NOT_A_STORE : success(response.body);
  const isCertainlyMissing = response.status === 404 && errorCodeOf(response.body) === 'NoSuchKey';
  return isCertainlyMissing ? success(undefined) : describeError(response);
};

type ByteRange = NonNullable<ReadOptions['range']>;

const rangeHeader = ({ offsetBytes, lengthBytes }: ByteRange) => ({
  range: `bytes=${offsetBytes}-${offsetBytes + lengthBytes - 1}`,
});

/** A server that sends the whole object, or less than was asked for, does not answer the question. */
const rangeResult =
  ({ lengthBytes }: ByteRange) =>
  (response: HttpResponse): Outcome<Uint8Array | undefined> => {
    if (response.status === 200) return failure('BadResponse', 'HTTP 200 for a part of an object');
    if (response.status !== 206) return readResult(response);
    return response.body.length === lengthBytes
      ? success(response.body)
      : failure('BadResponse', `${response.body.length} bytes of ${lengthBytes} that were asked for`);
  };

// Every S3 server answers a PUT with the ETag of what it stored; whoever does not has not stored it.
const writeResult = (response: HttpResponse): Outcome<undefined> => {
  if (response.status !== 200) return describeError(response);
  if (isHtml(response)) return NOT_A_STORE;
  const isStored = typeof response.headers['etag'] === 'string';
  return isStored ? success(undefined) : failure('BadResponse', 'HTTP 200 without an ETag: not acknowledged');
};

// S3 answers 204, also where there was nothing to delete; some servers say NoSuchKey then.
const removeResult = (response: HttpResponse): Outcome<undefined> => {
  const isGone = response.status === 404 && errorCodeOf(response.body) === 'NoSuchKey';
  return response.status === 204 || isGone ? success(undefined) : describeError(response);
};

const listQuery = (prefix: string, { maximumKeys, continuation }: ListPageOptions): Record<string, string> => ({
  'list-type': '2',
  'encoding-type': 'url',
  'max-keys': String(maximumKeys),
  prefix,
  ...(continuation === undefined ? {} : { 'continuation-token': continuation }),
});

const pageOf = (result: ListResult, folder: string): ListPage => ({
  entries: result.objects.map((object) => ({ ...object, key: object.key.slice(folder.length) })),
  ...(result.nextContinuationToken === undefined ? {} : { next: result.nextContinuationToken }),
});

/**
 * Whether a complete listing shows that there is no such object. S3 answers 403, not 404, to a GET of an absent object
 * where the key may not list the whole bucket, as a key that is limited to a prefix may not
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html, "Permissions"). A true denial stays one.
 */
const isListedAbsent = async (
  listPage: ObjectStore['listPage'],
  key: string,
  limits: CallOptions,
): Promise<boolean> => {
  const page = await listPage(key, { ...limits, maximumKeys: ABSENCE_KEYS });
  return page.ok && page.value.next === undefined && page.value.entries.every((entry) => entry.key !== key);
};

/**
 * Opens a bucket, or a folder of one, as an object store. Nothing is sent yet. Works with every server that speaks
 * `ListObjectsV2`, `GetObject`, `PutObject`, `DeleteObject` and Signature Version 4.
 */
export const createS3Store = (settings: S3Settings, options: S3StoreOptions = {}): ObjectStore => {
  const folder = settings.prefix === '' ? '' : `${settings.prefix}/`;
  const { send, close } = createSender(settings, options);

  const call = async <T>(
    request: Call,
    limits: SendLimits,
    understand: (response: HttpResponse) => Outcome<T>,
  ): Promise<Outcome<T>> => {
    const response = await send(request, limits);
    const result = response.ok ? understand(response.value) : response;
    return result.ok ? result : named(settings, request, result);
  };

  const put = (key: string, body: Uint8Array, headers: Call['headers'] = {}): Call => ({
    operation: 'PUT',
    key: folder + key,
    body,
    headers: { 'content-type': 'application/json', 'content-md5': md5(body), ...headers },
  });

  const answerLimits = (limits: CallOptions): SendLimits => ({ ...limits, maximumBytes: MAXIMUM_ERROR_BYTES });

  const write: ObjectStore['write'] = (key, bytes, limits) => call(put(key, bytes), answerLimits(limits), writeResult);

  const listPage: ObjectStore['listPage'] = (prefix, limits) => {
    const fullPrefix = folder + prefix;
    const request: Call = { operation: 'LIST', key: fullPrefix, query: listQuery(fullPrefix, limits) };
    const question = { bucket: settings.bucket, prefix: fullPrefix };
    return call(request, { ...limits, maximumBytes: MAXIMUM_LIST_BYTES }, (response) => {
      if (response.status !== 200) return describeError(response);
      const result = parseListResult(response.body, question);
      return result.ok ? success(pageOf(result.value, folder)) : result;
    });
  };

  return {
    description: `${endpointOf(settings)} bucket ${settings.bucket} prefix ${JSON.stringify(settings.prefix)}`,
    listPage,
    read: async (key, { range, ...limits }) => {
      const step = stepsWithin(limits);
      const request: Call = { operation: 'GET', key: folder + key, ...(range && { headers: rangeHeader(range) }) };
      const understand = range === undefined ? readResult : rangeResult(range);
      const bytes = await call(request, { maximumBytes: MAXIMUM_READ_BYTES, ...step() }, understand);
      if (bytes.ok || bytes.reason !== 'AccessDenied') return bytes;
      return (await isListedAbsent(listPage, key, step())) ? success(undefined) : bytes;
    },
    write,
    create: async (key, bytes, limits) => {
      const request = put(key, bytes, { 'if-none-match': '*' });
      const created = await call(request, answerLimits(limits), (response): Outcome<'created' | 'exists' | 'plain'> => {
        if (response.status === 412) return success('exists');
        if (response.status === 501) return success('plain');
        const stored = writeResult(response);
        return stored.ok ? success('created') : stored;
      });
      if (!created.ok) return created;
      if (created.value !== 'plain') return success(created.value === 'created');
      const written = await write(key, bytes, limits);
      return written.ok ? success(true) : written;
    },
    remove: (key, limits) => call({ operation: 'DELETE', key: folder + key }, answerLimits(limits), removeResult),
    close,
  };
};
