import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { encodeIdentity, newDestinationIdentity } from '../identity.ts';
import { success } from '../outcome.ts';
import { createStoredDestination } from '../stored-destination.ts';
import { createS3Store } from './s3-store.ts';
import type { HttpRequest, HttpResponse, HttpTransport } from './transport.ts';

const limits = { timeoutMilliseconds: 1_000 };
const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const settings = {
  endpoint: 'http://minio:9000',
  region: 'us-east-1',
  bucket: 'backups',
  prefix: 'one',
  forcePathStyle: true,
  accessKeyId: 'AKIAEXAMPLE',
  secretAccessKey: 'hush',
};

const response = (status: number, body: string | Uint8Array, headers = {}): HttpResponse => ({
  status,
  headers,
  body: Buffer.from(body),
});

const transportOf = (answer: (request: HttpRequest) => HttpResponse) => {
  const requests: HttpRequest[] = [];
  const transport: HttpTransport = {
    send: (request) => {
      requests.push(request);
      return Promise.resolve(success(answer(request)));
    },
    close: () => Promise.resolve(),
  };
  return { requests, store: createS3Store(settings, { transport, now: () => new Date('2026-01-02T03:04:05Z') }) };
};

const errorBody = (code: string): string => `<Error><Code>${code}</Code></Error>`;

const listing = (name = 'backups', prefix = 'one/shop/db/snapshots/', inner = ''): string =>
  `<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>${name}</Name><Prefix>${prefix}</Prefix>` +
  `<IsTruncated>false</IsTruncated>${inner}</ListBucketResult>`;

/** A probe of a destination with the right identity, whose listing gets this answer. */
const probe = (answer: HttpResponse) => {
  const { store } = transportOf((request) =>
    request.path.includes('list-type=2') ? answer : response(200, encodeIdentity(identity)),
  );
  return createStoredDestination(store, { expectedIdentity: identity.id }).probe('shop/db', limits);
};

describe('requests', () => {
  it('lists with a signed ListObjectsV2', async () => {
    const { store, requests } = transportOf(() => response(200, listing('backups', 'one/a b')));
    await store.listPage('a b', { ...limits, maximumKeys: 2 });
    expect(requests[0]).toMatchObject({
      method: 'GET',
      path: '/backups/?encoding-type=url&list-type=2&max-keys=2&prefix=one%2Fa%20b',
    });
    expect(requests[0]?.headers['authorization']).toContain(
      'Credential=AKIAEXAMPLE/20260102/us-east-1/s3/aws4_request',
    );
  });

  it('encodes keys and puts them below the prefix', async () => {
    const { store, requests } = transportOf(() => response(404, errorBody('NoSuchKey')));
    await store.read('a/b c+ü.json', limits);
    expect(requests[0]?.path).toBe('/backups/one/a/b%20c%2B%C3%BC.json');
  });

  it('returns keys relative to the prefix', async () => {
    const inner = '<Contents><Key>one/shop/x</Key><Size>1</Size><LastModified>2026</LastModified></Contents>';
    const { store } = transportOf(() => response(200, listing('backups', 'one/shop/', inner)));
    const page = await store.listPage('shop/', { ...limits, maximumKeys: 2 });
    expect(page).toMatchObject({ ok: true, value: { entries: [{ key: 'shop/x', sizeBytes: 1 }] } });
  });
});

describe('read', () => {
  const read = (answer: HttpResponse) => transportOf(() => answer).store.read('key', limits);

  it('returns the bytes, or that there certainly are none', async () => {
    expect(await read(response(200, 'hello'))).toEqual({ ok: true, value: Buffer.from('hello') });
    expect(await read(response(404, errorBody('NoSuchKey')))).toEqual({ ok: true, value: undefined });
  });

  it.each([
    ['a 404 of another kind', response(404, errorBody('XAdminUserNotFound')), 'WrongCredentials'],
    ['a missing bucket', response(404, errorBody('NoSuchBucket')), 'NoSuchBucket'],
    ['a 404 without a body', response(404, ''), 'StoreError'],
    ['a 404 web page', response(404, '<html></html>'), 'StoreError'],
    ['NoSuchKey with another status', response(403, errorBody('NoSuchKey')), 'AccessDenied'],
    ['a web page', response(200, '<html>', { 'content-type': 'text/html; charset=utf-8' }), 'BadResponse'],
    ['part of the object', response(206, 'hel'), 'BadResponse'],
    ['no content', response(204, ''), 'BadResponse'],
  ])('invariant 2: %s is neither the object nor its absence', async (_, answer, reason) => {
    expect(await read(answer)).toMatchObject({ ok: false, reason });
  });

  describe('with a key that may list its prefix only', () => {
    const denied = response(403, errorBody('AccessDenied'));
    const readWith = (list: HttpResponse) =>
      transportOf(({ path }) => (path.includes('list-type=2') ? list : denied)).store.read('a.json', limits);
    const object = (key: string) =>
      `<Contents><Key>one/${key}</Key><Size>1</Size><LastModified>2026</LastModified></Contents>`;

    it('an absent object that is answered with 403 is absent once a complete listing shows it', async () => {
      expect(await readWith(response(200, listing('backups', 'one/a.json')))).toEqual({ ok: true, value: undefined });
      const longer = listing('backups', 'one/a.json', object('a.json.bak'));
      expect(await readWith(response(200, longer))).toEqual({ ok: true, value: undefined });
    });

    it.each([
      ['is listed', response(200, listing('backups', 'one/a.json', object('a.json')))],
      ['may not be listed', denied],
      ['is asked for in a listing of something else', response(200, listing('backups', 'one/b.json'))],
      [
        'is in a listing that goes on',
        response(
          200,
          listing('backups', 'one/a.json').replace(
            '<IsTruncated>false</IsTruncated>',
            '<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>',
          ),
        ),
      ],
    ])('invariant 2: an object that is refused and %s is unknown', async (_, list) => {
      expect(await readWith(list)).toMatchObject({ ok: false, reason: 'AccessDenied' });
    });
  });

  it('invariant 9: names the request but no credential in a failure', async () => {
    const result = await read(
      response(403, '<Error><Code>InvalidAccessKeyId</Code><Message>AKIAEXAMPLE</Message></Error>'),
    );
    expect(result).toEqual({
      ok: false,
      reason: 'WrongCredentials',
      message: 'GET http://minio:9000 bucket backups key one/key: HTTP 403 (InvalidAccessKeyId)',
    });
  });
});

describe('write and create', () => {
  const etag = { etag: '"1"' };

  it('writes, and believes only an acknowledgement', async () => {
    const bytes = Buffer.from('x');
    const write = (answer: HttpResponse) => transportOf(() => answer).store.write('key', bytes, limits);
    expect(await write(response(200, '', etag))).toEqual({ ok: true, value: undefined });
    expect(await write(response(200, ''))).toMatchObject({ ok: false, reason: 'BadResponse' });
    expect(await write(response(200, '', { ...etag, 'content-type': 'text/html' }))).toMatchObject({ ok: false });
    expect(await write(response(503, errorBody('SlowDown')))).toMatchObject({ ok: false, reason: 'Throttled' });
  });

  it('sends a signed checksum with every object, as a bucket with Object Lock demands', async () => {
    const { store, requests } = transportOf(() => response(200, '', etag));
    await store.write('key', Buffer.from('x'), limits);
    await store.create('key', Buffer.from('x'), limits);
    for (const { headers } of requests) {
      expect(headers['content-md5']).toBe('ndTkYSaMgDT1yFZOFVxnpg==');
      expect(headers['authorization']).toMatch(/SignedHeaders=[^,]*content-md5/);
    }
  });

  it('creates on condition, and plainly where the store has no conditions', async () => {
    const bytes = Buffer.from('x');
    const create = async (answer: (request: HttpRequest) => HttpResponse) => {
      const { store, requests } = transportOf(answer);
      return { result: await store.create('key', bytes, limits), requests };
    };
    const created = await create(() => response(200, '', etag));
    expect(created.result).toEqual({ ok: true, value: true });
    expect(created.requests[0]?.headers['if-none-match']).toBe('*');
    expect((await create(() => response(412, errorBody('PreconditionFailed')))).result).toEqual({
      ok: true,
      value: false,
    });
    const plain = await create(({ headers }) =>
      headers['if-none-match'] === undefined ? response(200, '', etag) : response(501, errorBody('NotImplemented')),
    );
    expect(plain.result).toEqual({ ok: true, value: true });
    expect((await create(() => response(409, errorBody('Conflict')))).result).toMatchObject({ ok: false });
  });
});

describe('remove', () => {
  const remove = async (answer: HttpResponse) => {
    const { store, requests } = transportOf(() => answer);
    return { result: await store.remove('a/b', limits), requests };
  };

  it('deletes one object', async () => {
    const { result, requests } = await remove(response(204, ''));
    expect(result).toEqual({ ok: true, value: undefined });
    expect(requests).toMatchObject([{ method: 'DELETE', path: '/backups/one/a/b' }]);
    expect((await remove(response(404, errorBody('NoSuchKey')))).result).toMatchObject({ ok: true });
  });

  it.each([
    [response(403, errorBody('AccessDenied')), 'AccessDenied'],
    [response(404, errorBody('NoSuchBucket')), 'NoSuchBucket'],
    [response(404, ''), 'StoreError'],
    [response(200, '<html>', { 'content-type': 'text/html' }), 'BadResponse'],
  ])('believes only an acknowledgement', async (answer, reason) => {
    expect((await remove(answer)).result).toMatchObject({ ok: false, reason });
  });
});

describe('probe', () => {
  it('is none for a whole empty listing of the right bucket and prefix', async () => {
    expect(await probe(response(200, listing()))).toEqual({ kind: 'none' });
  });

  it('invariant 2: no HTTP answer other than a valid, empty 200 listing is none', async () => {
    const valid = listing();
    const anyBody = fc.oneof(
      fc.string(),
      fc.constantFrom('', '<html><body>Sign in</body></html>', '{}', errorBody('NoSuchKey'), errorBody('NoSuchBucket')),
      fc.nat(valid.length - 1).map((end) => valid.slice(0, end)),
      fc
        .tuple(fc.stringMatching(/^[a-z]{3,10}$/), fc.constantFrom('', 'one/', 'one/shop/db/snapshots', 'x'))
        .map(([name, prefix]) => listing(name, prefix)),
      fc
        .string({ minLength: 1 })
        .filter((tail) => tail.trim() !== '')
        .map((tail) => valid + tail),
      fc
        .string({ minLength: 1 })
        .filter((head) => head.trim() !== '' && head !== '\uFEFF')
        .map((head) => head + valid),
    );
    const anyOtherStatus = fc.integer({ min: 100, max: 599 }).filter((status) => status !== 200);
    const anyHeaders = fc.constantFrom({}, { 'content-type': 'text/html' }, { 'content-type': 'application/xml' });
    const answers = fc.oneof(
      fc.record({ status: fc.constant(200), body: anyBody, headers: anyHeaders }),
      fc.record({ status: anyOtherStatus, body: fc.oneof(anyBody, fc.constant(valid)), headers: anyHeaders }),
    );
    await fc.assert(
      fc.asyncProperty(answers, async ({ status, body, headers }) => {
        const result = await probe(response(status, body, headers));
        expect(result.kind).toBe('unknown');
      }),
      { numRuns: 3_000 },
    );
  });
});
