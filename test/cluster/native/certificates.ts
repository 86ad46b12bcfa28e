import { createHash, generateKeyPairSync, webcrypto } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import 'reflect-metadata'; // asked for by @peculiar/x509's own dependencies
import * as x509 from '@peculiar/x509';

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const lifetimeDays = 3650;

interface Authority {
  readonly certificate: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

interface Subject {
  readonly commonName: string;
  /** Kubernetes takes the organization as the group. */
  readonly organization?: string;
  readonly dnsNames?: readonly string[];
  readonly ipAddresses?: readonly string[];
}

export interface PkiOptions {
  /** Where the API server is reached. */
  readonly apiServerAddresses: readonly string[];
  readonly nodeName: string;
  readonly nodeAddress: string;
}

/** Paths of the files that {@link ensurePki} makes: PEM, certificates `.crt`, private keys `.key`. */
export interface Pki {
  readonly folder: string;
  readonly caCertificate: string;
  readonly caKey: string;
  readonly serviceAccountKey: string;
  readonly serviceAccountPublicKey: string;
}

export function pkiPaths(folder: string): Pki {
  return {
    folder,
    caCertificate: join(folder, 'ca.crt'),
    caKey: join(folder, 'ca.key'),
    serviceAccountKey: join(folder, 'service-account.key'),
    serviceAccountPublicKey: join(folder, 'service-account.pub'),
  };
}

function validity(): { notBefore: Date; notAfter: Date } {
  const now = Date.now();
  // An hour back, for clocks that are set right after the start.
  return { notBefore: new Date(now - 3_600_000), notAfter: new Date(now + lifetimeDays * 86_400_000) };
}

function serialNumber(): string {
  return Buffer.from(webcrypto.getRandomValues(new Uint8Array(15))).toString('hex');
}

async function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign', 'verify']);
}

async function privateKeyPem(key: webcrypto.CryptoKey): Promise<string> {
  return x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');
}

async function newAuthority(): Promise<Authority> {
  const keys = await newKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=rebound-cluster-ca',
    serialNumber: serialNumber(),
    ...validity(),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.digitalSignature, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keys };
}

async function issue(authority: Authority, subject: Subject, path: string): Promise<void> {
  const keys = await newKeys();
  const organization = subject.organization === undefined ? '' : `,O=${subject.organization}`;
  const names = [
    ...(subject.dnsNames ?? []).map((value) => ({ type: 'dns' as const, value })),
    ...(subject.ipAddresses ?? []).map((value) => ({ type: 'ip' as const, value })),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${subject.commonName}${organization}`,
    issuer: authority.certificate.subject,
    serialNumber: serialNumber(),
    ...validity(),
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
    ],
  });
  writePrivate(`${path}.crt`, certificate.toString('pem'));
  writePrivate(`${path}.key`, await privateKeyPem(keys.privateKey));
}

function writePrivate(path: string, text: string): void {
  writeFileSync(path, text, { mode: 0o600 });
}

function writeServiceAccountKeys(pki: Pki): void {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  writePrivate(pki.serviceAccountKey, privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
  writePrivate(pki.serviceAccountPublicKey, publicKey.export({ type: 'spki', format: 'pem' }).toString());
}

/**
 * Makes a certificate authority, and certificates for the API server, an administrator, and one node,
 * unless they are there for the same names and addresses.
 */
export async function ensurePki(folder: string, options: PkiOptions): Promise<Pki> {
  const pki = pkiPaths(folder);
  const stamp = join(folder, 'made-for');
  const wanted = createHash('sha256').update(JSON.stringify(options)).digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return pki;
  const partial = `${folder}.partial`;
  for (const old of [partial, folder]) rmSync(old, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true, mode: 0o700 });
  await writePki(pkiPaths(partial), options);
  writePrivate(join(partial, 'made-for'), wanted);
  renameSync(partial, folder);
  return pki;
}

async function writePki(pki: Pki, options: PkiOptions): Promise<void> {
  const authority = await newAuthority();
  writePrivate(pki.caCertificate, authority.certificate.toString('pem'));
  writePrivate(pki.caKey, await privateKeyPem(authority.keys.privateKey));
  writeServiceAccountKeys(pki);
  const server = {
    commonName: 'kube-apiserver',
    dnsNames: [
      'localhost',
      'kubernetes',
      'kubernetes.default',
      'kubernetes.default.svc',
      'kubernetes.default.svc.cluster.local',
    ],
    ipAddresses: options.apiServerAddresses,
  };
  const node = { commonName: `system:node:${options.nodeName}`, organization: 'system:nodes' };
  const nodeNames = { dnsNames: [options.nodeName], ipAddresses: [options.nodeAddress] };
  await issue(authority, server, join(pki.folder, 'api-server'));
  await issue(authority, { commonName: 'kubernetes-admin', organization: 'system:masters' }, join(pki.folder, 'admin'));
  await issue(authority, { ...node, ...nodeNames }, join(pki.folder, 'node'));
}
