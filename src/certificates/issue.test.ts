import type { X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { connect, createServer } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { covers, isExpired, isIssuedBy, readCertificates, readCertifiedKey, writeCertificates } from './inspect.ts';
import { issueAuthority, issueLeaf } from './issue.ts';

const DAY = 24 * 60 * 60 * 1000;
const now = Date.now();
const subject = { dnsNames: ['rebound-webhook.rebound-system.svc'], ipAddresses: ['127.0.0.1'] };
const authority = await issueAuthority(now);
const leaf = await issueLeaf(authority, subject, now);
const other = await issueAuthority(now);

function required(certificate: X509Certificate | undefined): X509Certificate {
  if (certificate === undefined) throw new Error('there is no certificate');
  return certificate;
}

const certificates = {
  authority: required(readCertifiedKey(authority)),
  leaf: required(readCertifiedKey(leaf)),
  other: required(readCertifiedKey(other)),
};

describe('issued certificates', () => {
  it('are a certificate authority of a year and a server certificate of 90 days', () => {
    expect(certificates.authority.ca).toBe(true);
    expect(certificates.leaf.ca).toBe(false);
    const daysOf = (certificate: X509Certificate): number => (certificate.validToDate.getTime() - now) / DAY;
    expect(daysOf(certificates.authority)).toBeCloseTo(365, 3);
    expect(daysOf(certificates.leaf)).toBeCloseTo(90, 3);
    expect(isExpired(certificates.leaf, now)).toBe(false);
    expect(isExpired(certificates.leaf, now + 90 * DAY)).toBe(true);
  });

  it('hang together, and not with those of another authority', () => {
    expect(isIssuedBy(certificates.leaf, certificates.authority)).toBe(true);
    expect(isIssuedBy(certificates.leaf, certificates.other)).toBe(false);
    expect(isIssuedBy(certificates.authority, certificates.leaf)).toBe(false);
  });

  it('are good for the names they were made for', () => {
    expect(covers(certificates.leaf, subject)).toBe(true);
    expect(covers(certificates.leaf, { dnsNames: ['elsewhere.svc'] })).toBe(false);
    expect(covers(certificates.leaf, { dnsNames: [], ipAddresses: ['127.0.0.2'] })).toBe(false);
  });

  it('are trusted by a TLS client that trusts the authority', async () => {
    const server = createServer({ cert: leaf.certificatePem, key: leaf.privateKeyPem }, (socket) => socket.end());
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address: AddressInfo | string | null = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    const options = { host: '127.0.0.1', port: address.port, servername: subject.dnsNames[0] ?? '' };
    const isTrusted = (ca: string): Promise<boolean> =>
      new Promise((resolve) => {
        const socket = connect({ ...options, ca }, () => resolve(true)).on('error', () => resolve(false));
        socket.on('close', () => resolve(false)).resume();
      });
    expect(await isTrusted(authority.certificatePem)).toBe(true);
    expect(await isTrusted(other.certificatePem)).toBe(false);
    expect(await isTrusted(other.certificatePem + authority.certificatePem)).toBe(true);
    server.close();
  });
});

describe('reading PEM', () => {
  it('reads what it wrote, and passes over what is not a certificate', () => {
    const bundle = writeCertificates([certificates.authority, certificates.other]);
    const broken = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    expect(readCertificates(`# ours\n${bundle}${broken}`).map(String)).toEqual(
      [certificates.authority, certificates.other].map(String),
    );
    expect(readCertificates('')).toEqual([]);
  });

  it('takes a key that does not fit, or is none, for no pair', () => {
    expect(readCertifiedKey({ certificatePem: leaf.certificatePem, privateKeyPem: authority.privateKeyPem })).toBe(
      undefined,
    );
    expect(readCertifiedKey({ certificatePem: leaf.certificatePem, privateKeyPem: 'x' })).toBe(undefined);
    expect(readCertifiedKey({ certificatePem: leaf.certificatePem })).toBe(undefined);
    expect(readCertifiedKey({ certificatePem: '', privateKeyPem: leaf.privateKeyPem })).toBe(undefined);
  });
});
