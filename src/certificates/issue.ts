import { createPrivateKey, webcrypto } from 'node:crypto';
import 'reflect-metadata'; // Asked for by the dependencies of @peculiar/x509.
import * as x509 from '@peculiar/x509';

/** A certificate and its private key, PEM. */
export interface CertifiedKey {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

export interface LeafSubject {
  readonly dnsNames: readonly string[];
  readonly ipAddresses?: readonly string[] | undefined;
}

const DAY_MILLISECONDS = 24 * 60 * 60 * 1000;
export const AUTHORITY_LIFETIME_MILLISECONDS = 365 * DAY_MILLISECONDS;
export const LEAF_LIFETIME_MILLISECONDS = 90 * DAY_MILLISECONDS;
/** For API servers whose clocks are behind ours. */
const BACKDATE_MILLISECONDS = 60 * 60 * 1000;

const curve = { name: 'ECDSA', namedCurve: 'P-256' };
const signingAlgorithm = { ...curve, hash: 'SHA-256' };

/** Makes a certificate authority that signs itself. */
export async function issueAuthority(nowMilliseconds: number): Promise<CertifiedKey> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    // The time in the name tells authorities apart that follow each other.
    name: `CN=rebound-webhook-ca-${Math.floor(nowMilliseconds / 1000)}`,
    serialNumber: serialNumber(),
    ...validity(nowMilliseconds, AUTHORITY_LIFETIME_MILLISECONDS),
    keys,
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return certifiedKey(certificate, keys.privateKey);
}

/**
 * Makes a server certificate.
 *
 * @throws when the authority's PEM cannot be read.
 */
export async function issueLeaf(
  authority: CertifiedKey,
  subject: LeafSubject,
  nowMilliseconds: number,
): Promise<CertifiedKey> {
  const issuer = new x509.X509Certificate(authority.certificatePem);
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=rebound-webhook',
    issuer: issuer.subject,
    serialNumber: serialNumber(),
    ...validity(nowMilliseconds, LEAF_LIFETIME_MILLISECONDS),
    publicKey: keys.publicKey,
    signingKey: await signingKey(authority.privateKeyPem),
    signingAlgorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      await x509.AuthorityKeyIdentifierExtension.create(issuer),
      new x509.SubjectAlternativeNameExtension(alternativeNames(subject)),
    ],
  });
  return certifiedKey(certificate, keys.privateKey);
}

const alternativeNames = ({ dnsNames, ipAddresses = [] }: LeafSubject): x509.JsonGeneralNames => [
  ...dnsNames.map((value) => ({ type: 'dns' as const, value })),
  ...ipAddresses.map((value) => ({ type: 'ip' as const, value })),
];

const validity = (nowMilliseconds: number, lifetimeMilliseconds: number) => ({
  notBefore: new Date(nowMilliseconds - BACKDATE_MILLISECONDS),
  notAfter: new Date(nowMilliseconds + lifetimeMilliseconds),
});

/** 16 bytes, positive and not zero (RFC 5280, section 4.1.2.2). */
const serialNumber = (): string => `01${Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex')}`;

const newKeys = (): Promise<webcrypto.CryptoKeyPair> => webcrypto.subtle.generateKey(curve, true, ['sign', 'verify']);

async function certifiedKey(certificate: x509.X509Certificate, key: webcrypto.CryptoKey): Promise<CertifiedKey> {
  const bytes = await webcrypto.subtle.exportKey('pkcs8', key);
  return {
    certificatePem: `${certificate.toString('pem')}\n`,
    privateKeyPem: `${x509.PemConverter.encode(bytes, 'PRIVATE KEY')}\n`,
  };
}

function signingKey(privateKeyPem: string): Promise<webcrypto.CryptoKey> {
  const bytes = createPrivateKey(privateKeyPem).export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', bytes, curve, false, ['sign']);
}
