import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Outcome } from '../outcome.ts';
import { parseListResult, type ListResult } from './list-result.ts';

const question = { bucket: 'backups', prefix: 'shop/db/snapshots/' };
const parse = (xml: string): Outcome<ListResult> => parseListResult(Buffer.from(xml), question);

const contents = (key: string): string =>
  `<Contents><Key>${key}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>7</Size></Contents>`;

const listing = (inner: string, name = 'backups', prefix = 'shop/db/snapshots/'): string =>
  '<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">' +
  `<Name>${name}</Name><Prefix>${prefix}</Prefix><MaxKeys>2</MaxKeys>${inner}</ListBucketResult>`;

const whole = '<KeyCount>0</KeyCount><IsTruncated>false</IsTruncated>';
const empty = listing(whole);

describe('parseListResult', () => {
  it('reads an empty listing', () => {
    expect(parse(empty)).toEqual({ ok: true, value: { objects: [] } });
  });

  it('reads keys, sizes, times and the token', () => {
    const inner = `<IsTruncated>true</IsTruncated>${contents('shop/db/snapshots/a')}<KeyCount>1</KeyCount><NextContinuationToken>t=</NextContinuationToken>`;
    const object = { key: 'shop/db/snapshots/a', sizeBytes: 7, modifiedAt: '2026-01-02T03:04:05.000Z' };
    expect(parse(listing(inner))).toEqual({ ok: true, value: { objects: [object], nextContinuationToken: 't=' } });
  });

  it('decodes URL-encoded keys, a space in both forms', () => {
    const encoded = `<EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${contents('shop%2Fdb/snapshots/a+b%20c%2B')}`;
    const result = parse(listing(encoded, 'backups', 'shop%2Fdb%2Fsnapshots%2F'));
    expect(result.ok && result.value.objects[0]?.key).toBe('shop/db/snapshots/a b c+');
  });

  it('takes keys as they are when the server does not announce an encoding', () => {
    const result = parse(listing(`<IsTruncated>false</IsTruncated>${contents('shop/db/snapshots/a+b%20')}`));
    expect(result.ok && result.value.objects[0]?.key).toBe('shop/db/snapshots/a+b%20');
  });

  it.each([
    ['another bucket', listing(whole, 'other')],
    ['another prefix', listing(whole, 'backups', 'shop/')],
    ['a key outside of the prefix', listing(`<IsTruncated>false</IsTruncated>${contents('shop/other')}`)],
    ['a count that does not fit', listing('<KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>')],
    ['no IsTruncated', listing('<KeyCount>0</KeyCount>')],
    ['an odd IsTruncated', listing('<IsTruncated>maybe</IsTruncated>')],
    ['a truncated listing without a token', listing('<IsTruncated>true</IsTruncated>')],
    ['contents without a key', listing('<IsTruncated>false</IsTruncated><Contents/>')],
    ['grouped keys', listing(`${whole}<CommonPrefixes><Prefix>x/</Prefix></CommonPrefixes>`)],
    ['a listing that starts later', listing(`${whole}<StartAfter>z</StartAfter>`)],
    ['a broken encoding', listing(`${whole}<EncodingType>url</EncodingType>`, 'backups', '%zz')],
    ['an error document', '<Error><Code>NoSuchKey</Code></Error>'],
    ['another kind of listing', empty.replaceAll('ListBucketResult', 'ListVersionsResult')],
    ['no body', ''],
  ])('invariant 2: %s is not a listing', (_, xml) => {
    expect(parse(xml)).toMatchObject({ ok: false, reason: 'BadResponse' });
  });

  it('takes a listing of the whole bucket without the prefix that some stores leave out, and none of less', () => {
    const bare = empty.replace(/<Prefix>.*<\/Prefix>/, '');
    expect(parseListResult(Buffer.from(bare), { ...question, prefix: '' })).toEqual({
      ok: true,
      value: { objects: [] },
    });
    expect(parseListResult(Buffer.from(bare), question).ok).toBe(false);
    expect(parseListResult(Buffer.from(empty), { ...question, prefix: '' }).ok).toBe(false);
  });

  it('takes the name of the bucket behind the alias of an access point', () => {
    const alias = { ...question, bucket: 'backups-0123456789abcdef0123456789abcdef01-s3alias' };
    expect(parseListResult(Buffer.from(empty), alias).ok).toBe(true);
    expect(parseListResult(Buffer.from(empty), { ...question, bucket: 'another' }).ok).toBe(false);
  });

  it('invariant 2: a listing that is cut off anywhere is not a listing', () => {
    for (let end = 0; end < empty.length; end += 1) expect(parse(empty.slice(0, end)).ok).toBe(false);
  });

  it('invariant 2: bytes that are not UTF-8 are not a listing', () => {
    const body = Buffer.from(empty);
    body[body.indexOf('backups')] = 0xff;
    expect(parseListResult(body, { ...question, bucket: '\uFFFDackups' }).ok).toBe(false);
  });

  it('invariant 2: no single changed byte makes a listing of a snapshot an empty one', () => {
    const id = 'a'.repeat(64);
    const body = Buffer.from(
      listing(`<KeyCount>1</KeyCount><IsTruncated>false</IsTruncated>${contents(`shop/db/snapshots/${id}`)}`),
    );
    fc.assert(
      fc.property(fc.nat(body.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const changed = Buffer.from(body);
        changed[at] = byte;
        const result = parseListResult(changed, question);
        expect(result.ok && result.value.objects.length === 0).toBe(false);
      }),
      { numRuns: 5_000 },
    );
  });
});
