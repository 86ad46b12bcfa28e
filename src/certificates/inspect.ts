import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { CertifiedKey, LeafSubject } from './issue.ts';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** All certificates of a PEM text, in order. What is not a certificate is passed over. */
export function readCertificates(pem: string): X509Certificate[] {
  return (pem.match(CERTIFICATE) ?? []).flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

/** The PEM text of certificates, in order. */
export const writeCertificates = (certificates: readonly X509Certificate[]): string =>
  certificates.map((certificate) => certificate.toString()).join('');

/** Names a certificate by its content. */
export const fingerprintOf = (certificate: X509Certificate): string => certificate.fingerprint256;

/** The certificate of a pair, when its private key is there and fits. */
export function readCertifiedKey(pair: Partial<CertifiedKey>): X509Certificate | undefined {
  const [certificate] = readCertificates(pair.certificatePem ?? '');
  const key = readPrivateKey(pair.privateKeyPem ?? '');
  return certificate !== undefined && key !== undefined && certificate.checkPrivateKey(key) ? certificate : undefined;
}

function readPrivateKey(pem: string): KeyObject | undefined {
  try {
    return createPrivateKey(pem);
  } catch {
    return undefined;
  }
}

/** Whether one certificate signed another. */
export const isIssuedBy = (certificate: X509Certificate, authority: X509Certificate): boolean =>
  certificate.checkIssued(authority) && certificate.verify(authority.publicKey);

/** Whether a server certificate is good for all of these names. */
export const covers = (certificate: X509Certificate, { dnsNames, ipAddresses = [] }: LeafSubject): boolean =>
  dnsNames.every((name) => certificate.checkHost(name) !== undefined) &&
  ipAddresses.every((address) => certificate.checkIP(address) !== undefined);

export const isExpired = (certificate: X509Certificate, nowMilliseconds: number): boolean =>
  certificate.validToDate.getTime() <= nowMilliseconds;
