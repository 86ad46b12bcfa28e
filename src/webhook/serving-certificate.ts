import type { Logger } from 'pino';
import { SYSTEM_NAMESPACE } from '../api/group.ts';
import { objectKey } from '../kube/model/kind.ts';
import type { Secret } from '../kube/model/built-in-kinds.ts';
import { readCertifiedKey } from '../certificates/inspect.ts';
import type { CertifiedKey } from '../certificates/issue.ts';
import { SERVING_KEYS, SERVING_SECRET } from '../certificates/secret-names.ts';

export interface ServingCertificateOptions {
  /** Takes a pair into use. Throws when it cannot be used. */
  readonly use: (pair: CertifiedKey) => void;
  readonly onCertificate: (notAfterMilliseconds: number) => void;
  readonly logger: Logger;
  /** Milliseconds since 1970. */
  readonly now: () => number;
}

/** Key of the Secret in a store. */
export const SERVING_SECRET_KEY = objectKey({ namespace: SYSTEM_NAMESPACE, name: SERVING_SECRET });

/**
 * Follows the Secret that holds the webhook's certificate. One that is gone or cannot be used changes nothing: the pair
 * before stays in use, for it is still the better one.
 */
export class ServingCertificate {
  readonly #options: ServingCertificateOptions;
  #pair: CertifiedKey | undefined;
  #notAfterMilliseconds: number | undefined;

  constructor(options: ServingCertificateOptions) {
    this.#options = options;
  }

  /** What is wrong with the certificate in use; undefined when nothing is. */
  get problem(): string | undefined {
    const where = `Secret ${SERVING_SECRET_KEY}`;
    if (this.#notAfterMilliseconds === undefined) return `no certificate yet; ${where} has none that can be used`;
    if (this.#options.now() < this.#notAfterMilliseconds) return undefined;
    return `the certificate expired at ${new Date(this.#notAfterMilliseconds).toISOString()}; renew the one in ${where}`;
  }

  /** Takes notice of what the Secret holds now. */
  update(secret: Secret | undefined): void {
    const pair = pairOf(secret);
    if (pair.certificatePem === this.#pair?.certificatePem && pair.privateKeyPem === this.#pair.privateKeyPem) return;
    const certificate = readCertifiedKey(pair);
    if (certificate === undefined) {
      this.#complain(secret === undefined ? 'it is gone' : 'it holds no certificate with a private key that fits');
      return;
    }
    this.#take(pair, certificate.validToDate.getTime());
  }

  #take(pair: CertifiedKey, notAfterMilliseconds: number): void {
    try {
      this.#options.use(pair);
    } catch (error) {
      this.#complain(error instanceof Error ? error.message : 'it cannot be used');
      return;
    }
    this.#pair = pair;
    this.#notAfterMilliseconds = notAfterMilliseconds;
    this.#options.onCertificate(notAfterMilliseconds);
    this.#options.logger.info({ notAfter: new Date(notAfterMilliseconds).toISOString() }, 'serving a new certificate');
  }

  #complain(why: string): void {
    this.#options.logger.error({ secretName: SERVING_SECRET_KEY, why }, 'the certificate in the Secret is not taken');
  }
}

function pairOf(secret: Secret | undefined): CertifiedKey {
  const textOf = (key: string): string => Buffer.from(secret?.data?.[key] ?? '', 'base64').toString('utf8');
  return { certificatePem: textOf(SERVING_KEYS.certificate), privateKeyPem: textOf(SERVING_KEYS.privateKey) };
}
