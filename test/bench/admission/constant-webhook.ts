import { Worker } from 'node:worker_threads';
import { z } from 'zod';
import { SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import { secrets } from '../../../src/kube/model/built-in-kinds.ts';
import { SERVING_KEYS, SERVING_SECRET } from '../../../src/certificates/secret-names.ts';
import type { Fixture } from '../../integration/kube/fixture.ts';

/** The decision that it writes into every claim. */
export const CONSTANT_DECISION = 'constant';

/** What the thread is started with. */
export const constantWebhookData = z.object({ port: z.int(), certificatePem: z.string(), privateKeyPem: z.string() });

/**
 * Starts the least that a webhook can be: on a thread of its own, it gives every claim the same data source at once, and
 * asks nobody. It serves with Rebound's certificate.
 * @returns what ends it.
 */
export async function startConstantWebhook({ client }: Fixture, port: number): Promise<() => Promise<void>> {
  const secret = await client.get(secrets, { namespace: SYSTEM_NAMESPACE, name: SERVING_SECRET });
  const pem = (key: string): string => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString('utf8');
  const workerData: z.infer<typeof constantWebhookData> = {
    port,
    certificatePem: pem(SERVING_KEYS.certificate),
    privateKeyPem: pem(SERVING_KEYS.privateKey),
  };
  const worker = new Worker(new URL('constant-webhook-thread.ts', import.meta.url), { workerData });
  await new Promise<void>((resolve, reject) => {
    worker.once('message', () => resolve());
    worker.once('error', reject);
  });
  return async () => {
    await worker.terminate();
  };
}
