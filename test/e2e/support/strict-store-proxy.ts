/**
 * Stands before an S3 server and passes on what it may. STALLED is a pattern of what a deletion of is never answered. Runs in a pod, by Node alone: UPSTREAM is the server's address. Every
 * object needs a checksum, as a bucket with Object Lock and a default retention demands
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html). DELETABLE is a pattern of what may be deleted, as a key
 * may be that is not allowed s3:DeleteObject on all. A bucket with Object Lock lets a plain deletion succeed: it leaves a marker,
 * and the object is listed no more (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock-managing.html).
 */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';

const PORT = 9000;

const upstream = new URL(process.env['UPSTREAM'] ?? '');
const deletable = new RegExp(process.env['DELETABLE'] ?? '');
// Without one, a pattern that fits nothing.
const stalled = new RegExp(process.env['STALLED'] ?? '(?!)');

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
}

const unchecked: Refusal = {
  status: 400,
  code: 'InvalidRequest',
  message: 'Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters',
};
const undeletable: Refusal = { status: 403, code: 'AccessDenied', message: 'Access Denied' };

const isObject = (url: URL): boolean => url.pathname.split('/').filter((part) => part !== '').length > 1;

const hasChecksum = ({ headers }: IncomingMessage): boolean =>
  headers['content-md5'] !== undefined ||
  String(headers['x-amz-trailer'] ?? '').startsWith('x-amz-checksum-') ||
  Object.keys(headers).some((name) => /^x-amz-checksum-|^x-amz-sdk-checksum-algorithm$/.test(name));

function refusalOf(incoming: IncomingMessage): Refusal | undefined {
  const url = new URL(incoming.url ?? '', upstream);
  if (incoming.method === 'PUT' && isObject(url) && !hasChecksum(incoming)) return unchecked;
  const deletes = incoming.method === 'DELETE' || (incoming.method === 'POST' && url.searchParams.has('delete'));
  return deletes && !deletable.test(url.pathname) ? undeletable : undefined;
}

function refuse(outgoing: ServerResponse, { status, code, message }: Refusal): void {
  outgoing.writeHead(status, { 'content-type': 'application/xml', connection: 'close' });
  outgoing.end(
    `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`,
  );
}

function forward(incoming: IncomingMessage, outgoing: ServerResponse): void {
  const { method, url: path, headers } = incoming;
  const { hostname, port } = upstream;
  const forwarded = request({ hostname, port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(outgoing);
  });
  forwarded.on('error', () => outgoing.destroy());
  incoming.pipe(forwarded);
}

const isStalled = ({ method, url }: IncomingMessage): boolean => method === 'DELETE' && stalled.test(url ?? '');

createServer((incoming, outgoing) => {
  if (isStalled(incoming)) return;
  const refusal = refusalOf(incoming);
  if (refusal === undefined) forward(incoming, outgoing);
  else incoming.resume().on('end', () => refuse(outgoing, refusal));
}).listen(PORT);
