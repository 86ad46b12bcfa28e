import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import { parentPort, workerData } from 'node:worker_threads';
import { z } from 'zod';
import { encodeAnswer } from '../../../src/webhook/answer.ts';
import { CONSTANT_DECISION, constantWebhookData } from './constant-webhook.ts';

const { port, certificatePem, privateKeyPem } = constantWebhookData.parse(workerData);

const review = z.object({ request: z.object({ uid: z.string() }) });

const annotations = {
  'rebound.dev/decision': CONSTANT_DECISION,
  'rebound.dev/decision-reason': 'A backup of this claim exists: it is restored first.',
};
const dataSourceRef = { apiGroup: 'rebound.dev', kind: 'VolumeRestore', name: 'rebound-0123456789abcdef' };
const operations = [
  { op: 'add', path: '/metadata/annotations', value: annotations },
  { op: 'add', path: '/spec/dataSourceRef', value: dataSourceRef },
] as const;

function answer(body: string): string {
  const { uid } = review.parse(JSON.parse(body)).request;
  return encodeAnswer(uid, { kind: 'allowed', operations, warnings: [], auditAnnotations: {} });
}

function serve(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => {
    const text = answer(Buffer.concat(chunks).toString('utf8'));
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    response.end(text);
  });
}

const server = createServer({ cert: certificatePem, key: privateKeyPem, keepAliveTimeout: 120_000 }, serve);
server.listen(port, '127.0.0.1', () => parentPort?.postMessage('listening'));
