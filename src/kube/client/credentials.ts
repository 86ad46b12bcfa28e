import { createHash } from 'node:crypto';
import type { RequestOptions } from 'node:https';
import type { ConnectionOptions } from 'node:tls';
import type { KubeConfig } from '@kubernetes/client-node';

/** What makes a request ours: headers per request, TLS material per connection. */
export interface Credentials {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
  /** Changes when the TLS material does: connections made before are then out of date. */
  readonly tlsFingerprint: string;
}

type TlsMaterial = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'rejectUnauthorized' | 'servername'>;

/** The library re-reads certificate files and rebuilds options on every call, so an answer is kept this long. */
const keepMilliseconds = 10_000;

/** Reads credentials from a KubeConfig; tokens that are rotated on disk or by an exec plugin are picked up. */
export class CredentialSource {
  readonly #config: KubeConfig;
  #kept: { readonly credentials: Promise<Credentials>; readonly readAt: number } | undefined;

  constructor(config: KubeConfig) {
    this.#config = config;
  }

  current(): Promise<Credentials> {
    const now = performance.now();
    if (this.#kept !== undefined && now - this.#kept.readAt < keepMilliseconds) return this.#kept.credentials;
    // Kept as a promise: many requests at once start an exec plugin once.
    const kept = { credentials: readCredentials(this.#config), readAt: now };
    kept.credentials.catch(() => {
      if (this.#kept === kept) this.forget();
    });
    this.#kept = kept;
    return kept.credentials;
  }

  /** Makes the next call read again: the server refused what we had. */
  forget(): void {
    this.#kept = undefined;
  }
}

async function readCredentials(config: KubeConfig): Promise<Credentials> {
  const options: RequestOptions = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const tls = tlsOf(options);
  return { headers: headersOf(options), tls, tlsFingerprint: fingerprint(tls) };
}

function tlsOf(options: RequestOptions): TlsMaterial {
  const { ca, cert, key, passphrase, rejectUnauthorized, servername } = options;
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(passphrase === undefined ? {} : { passphrase }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    ...(servername === undefined ? {} : { servername }),
  };
}

function headersOf(options: RequestOptions): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers ?? {})) headers[name.toLowerCase()] = String(value);
  if (typeof options.auth === 'string') headers['authorization'] = `Basic ${btoa(options.auth)}`;
  return headers;
}

function fingerprint(tls: TlsMaterial): string {
  return createHash('sha256').update(JSON.stringify(tls)).digest('hex');
}
