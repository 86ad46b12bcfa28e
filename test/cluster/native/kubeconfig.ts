import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import type { Pki } from './certificates.ts';

function base64(path: string): string {
  return readFileSync(path).toString('base64');
}

/**
 * Writes a kubeconfig with everything inlined.
 * @param user `admin` or `node`: the certificate to use.
 * @param server the API server's URL.
 */
export function writeKubeconfig(path: string, pki: Pki, user: 'admin' | 'node', server: string): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'rebound', cluster: { server, 'certificate-authority-data': base64(pki.caCertificate) } }],
    users: [
      {
        name: user,
        user: {
          'client-certificate-data': base64(join(pki.folder, `${user}.crt`)),
          'client-key-data': base64(join(pki.folder, `${user}.key`)),
        },
      },
    ],
    contexts: [{ name: 'rebound', context: { cluster: 'rebound', user } }],
    'current-context': 'rebound',
  };
  // JSON is YAML.
  writeFileSync(path, `${JSON.stringify(config, undefined, 2)}\n`, { mode: 0o600 });
}
