import { isUtf8 } from 'node:buffer';
import { failure, success, type Outcome } from '../outcome.ts';
import { parseXml, XmlError, type XmlElement } from './xml.ts';

/** One page of `ListObjectsV2`. Keys are whole keys of the bucket. */
export type ListResult = {
  readonly objects: readonly { readonly key: string; readonly sizeBytes: number; readonly modifiedAt: string }[];
  /** There when the bucket holds more keys with this prefix. */
  readonly nextContinuationToken?: string;
};

/** What was asked, to compare the answer with. */
export type ListQuestion = { readonly bucket: string; readonly prefix: string };

const child = (element: XmlElement, name: string): string | undefined =>
  element.children.find((candidate) => candidate.name === name)?.text;

const required = (element: XmlElement, name: string): string => {
  const text = child(element, name);
  if (text === undefined) throw new XmlError(`no <${name}>`);
  return text;
};

// With encoding-type=url a space may come as "+": https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
const urlDecode = (text: string): string => {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    throw new XmlError('a key that is not URL-encoded as announced');
  }
};

const sizeOf = (contents: XmlElement): number => {
  const size = required(contents, 'Size');
  if (!/^\d{1,15}$/.test(size)) throw new XmlError('a <Size> that is no number');
  return Number(size);
};

const isTruncated = (root: XmlElement): boolean => {
  const truncated = required(root, 'IsTruncated');
  if (truncated !== 'true' && truncated !== 'false') throw new XmlError('<IsTruncated> is neither true nor false');
  return truncated === 'true';
};

const checkCount = (root: XmlElement, objects: number): void => {
  const keyCount = child(root, 'KeyCount');
  if (keyCount !== undefined && keyCount !== String(objects)) {
    throw new XmlError(`<KeyCount> says ${JSON.stringify(keyCount.slice(0, 20))}, there are ${objects} keys`);
  }
};

// A listing that starts later, or groups keys, is not complete, and was not asked for.
const checkWholeListing = (root: XmlElement): void => {
  for (const name of ['Delimiter', 'StartAfter', 'Marker', 'CommonPrefixes']) {
    const element = root.children.find((candidate) => candidate.name === name);
    if (element !== undefined && (element.text !== '' || element.children.length > 0)) {
      throw new XmlError(`it is a listing with a <${name}>, which was not asked for`);
    }
  }
};

const readObjects = (root: XmlElement, prefix: string, decode: (text: string) => string): ListResult['objects'] =>
  root.children
    .filter((element) => element.name === 'Contents')
    .map((contents) => {
      const key = decode(required(contents, 'Key'));
      if (!key.startsWith(prefix)) throw new XmlError('a key outside of the prefix that was asked for');
      return { key, sizeBytes: sizeOf(contents), modifiedAt: required(contents, 'LastModified') };
    });

// The alias of an access point ends so, and the listing may carry the name of the bucket behind it:
// https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-alias.html
const isNameOf = (bucket: string, name: string): boolean => name === bucket || bucket.endsWith('-s3alias');

// A listing of the whole bucket comes without the element from some stores (versitygw 1.8.0, seen); a listing
// of less names its prefix.
const prefixOf = (root: XmlElement, { prefix }: ListQuestion): string =>
  prefix === '' ? (child(root, 'Prefix') ?? '') : required(root, 'Prefix');

const readListResult = (body: Buffer, question: ListQuestion): ListResult => {
  if (!isUtf8(body)) throw new XmlError('it is not UTF-8');
  const root = parseXml(body.toString('utf8'));
  if (root.name !== 'ListBucketResult') throw new XmlError('the document is not a listing');
  const decode = child(root, 'EncodingType') === 'url' ? urlDecode : (text: string) => text;
  if (!isNameOf(question.bucket, required(root, 'Name')))
    throw new XmlError('it lists another bucket than was asked for');
  const prefix = prefixOf(root, question);
  if (prefix !== question.prefix && decode(prefix) !== question.prefix) {
    throw new XmlError('it lists another prefix than was asked for');
  }
  checkWholeListing(root);
  const objects = readObjects(root, question.prefix, decode);
  checkCount(root, objects.length);
  if (!isTruncated(root)) return { objects };
  const token = child(root, 'NextContinuationToken');
  if (token === undefined || token === '') throw new XmlError('it is truncated, without a token to go on');
  return { objects, nextContinuationToken: token };
};

/** Understands a listing; `BadResponse` for anything but a whole, well-formed answer to this very question. */
export const parseListResult = (body: Buffer, question: ListQuestion): Outcome<ListResult> => {
  try {
    return success(readListResult(body, question));
  } catch (error) {
    if (error instanceof XmlError)
      return failure('BadResponse', `the answer is not the listing asked for: ${error.message}`);
    throw error;
  }
};
