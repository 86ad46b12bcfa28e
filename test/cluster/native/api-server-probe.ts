import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

import type { Pki } from './certificates.ts';

export interface ApiServerAnswer {
  readonly status: number;
  readonly body: string;
}

/** One GET with the administrator's certificate. @throws when there is no answer within 3 s. */
export function getFromApiServer(server: string, pki: Pki, path: string): Promise<ApiServerAnswer> {
  const options = {
    ca: readFileSync(pki.caCertificate),
    cert: readFileSync(join(pki.folder, 'admin.crt')),
    key: readFileSync(join(pki.folder, 'admin.key')),
    agent: false as const,
    timeout: 3000,
  };
  return new Promise((resolve, reject) => {
    const asked = request(new URL(path, server), options, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    asked.on('timeout', () => asked.destroy(new Error(`no answer from ${server} within 3 s`)));
    asked.on('error', reject);
    asked.end();
  });
}

export async function isApiServerReady(server: string, pki: Pki): Promise<boolean> {
  return (await getFromApiServer(server, pki, '/readyz')).status === 200;
}
