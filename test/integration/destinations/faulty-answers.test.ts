import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import type { ProbeResult } from '../../../src/destinations/destination.ts';
import { newDestinationIdentity } from '../../../src/destinations/identity.ts';
import { createS3Destination } from '../../../src/destinations/s3/s3-destination.ts';
import { httpAnswer, startFaultyServer, type FaultyServer } from './faulty-server.ts';

const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));
const settings = {
  region: 'us-east-1',
  bucket: 'backups',
  prefix: '',
  forcePathStyle: true,
  accessKeyId: 'AKIATESTTESTTEST',
  secretAccessKey: 'secret',
};

const listing =
  '<?xml version="1.0" encoding="UTF-8"?><ListBucketResult><Name>backups</Name>' +
  '<Prefix>shop/db/snapshots/</Prefix><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>';

let server: FaultyServer | undefined;
afterEach(() => server?.close());

/** The right identity for whoever asks for it, and what the test wants for the listing. */
const probeWith = async (answer: (socket: Socket) => unknown, timeoutMilliseconds = 1_000): Promise<ProbeResult> => {
  server = await startFaultyServer((socket, head) => {
    if (head.includes('list-type=2')) answer(socket);
    else socket.write(httpAnswer(200, JSON.stringify(identity)));
  });
  const destination = createS3Destination(
    { ...settings, endpoint: server.endpoint },
    { expectedIdentity: identity.id },
  );
  const result = await destination.probe('shop/db', { timeoutMilliseconds });
  await destination.close();
  return result;
};

const drip = async (socket: Socket, text: string): Promise<void> => {
  for (const char of text) {
    if (socket.destroyed) return;
    socket.write(char);
    await delay(20);
  }
};

describe('probe', () => {
  it('is none for a valid answer, in one piece or in many', async () => {
    expect(await probeWith((socket) => socket.write(httpAnswer(200, listing)))).toEqual({ kind: 'none' });
    const half = httpAnswer(200, listing).length / 2;
    const inParts = async (socket: Socket): Promise<void> => {
      socket.write(httpAnswer(200, listing).slice(0, half));
      await delay(50);
      socket.write(httpAnswer(200, listing).slice(half));
    };
    expect(await probeWith(inParts)).toEqual({ kind: 'none' });
  });

  it.each<[string, (socket: Socket) => unknown, string]>([
    [
      'a web page with status 200',
      (socket) => socket.write(httpAnswer(200, '<html><body>Sign in</body></html>', ['Content-Type: text/html'])),
      'BadResponse',
    ],
    [
      'a redirect to a sign-in page',
      (socket) => socket.write(httpAnswer(302, '', ['Location: http://portal/'])),
      'BadResponse',
    ],
    ['an empty answer', (socket) => socket.write(httpAnswer(200, '')), 'BadResponse'],
    ['XML that is cut off', (socket) => socket.write(httpAnswer(200, listing.slice(0, -20))), 'BadResponse'],
    [
      'a body that ends before its announced length',
      (socket) => socket.end(httpAnswer(200, listing).replace(/Length: \d+/, 'Length: 9999')),
      'Unreachable',
    ],
    [
      'chunks without an end',
      (socket) =>
        socket.end(
          `HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n${listing.length.toString(16)}\r\n${listing}\r\n`,
        ),
      'Unreachable',
    ],
    ['a connection closed at once', (socket) => socket.end(), 'Unreachable'],
    ['a connection that is reset', (socket) => socket.resetAndDestroy(), 'Unreachable'],
    ['another protocol', (socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n'), 'BadResponse'],
    ['silence', () => undefined, 'Timeout'],
    ['an answer that drips', (socket) => drip(socket, httpAnswer(200, listing)), 'Timeout'],
    [
      'headers, then silence',
      (socket) => socket.write(`HTTP/1.1 200 OK\r\nContent-Length: ${listing.length}\r\n\r\n`),
      'Timeout',
    ],
    ['interim answers only', (socket) => socket.write('HTTP/1.1 102 Processing\r\n\r\n'.repeat(3)), 'Timeout'],
    ['more than anyone can read', (socket) => socket.write(httpAnswer(200, ' '.repeat(9 * 1024 * 1024))), 'TooLarge'],
    ['too many requests', (socket) => socket.write(httpAnswer(429, '')), 'Throttled'],
    ['a broken gateway', (socket) => socket.write(httpAnswer(502, '<html></html>')), 'StoreError'],
  ])('invariant 2: %s is unknown, in time', async (_, answer, reason) => {
    const start = performance.now();
    expect(await probeWith(answer)).toMatchObject({ kind: 'unknown', reason });
    expect(performance.now() - start).toBeLessThan(1_800);
  });

  it('does not follow a redirect, for its signature is for this store only', async () => {
    let requests = 0;
    await probeWith((socket) => {
      requests += 1;
      socket.write(httpAnswer(307, '', ['Location: /elsewhere']));
    });
    expect(requests).toBe(1);
  });
});
