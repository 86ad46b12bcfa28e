import { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import 'reflect-metadata'; // asked for by @peculiar/x509's own dependencies
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newDestinationIdentity } from '../../../src/destinations/identity.ts';
import { createS3Destination } from '../../../src/destinations/s3/s3-destination.ts';
import { startForwardProxy } from './forward-proxy.ts';
import { startS3Server, type S3Server } from './versitygw.ts';

const limits = { timeoutMilliseconds: 5_000 };
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));

const makeCertificate = async (folder: string, address: string, type: 'ip' | 'dns' = 'ip') => {
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=test',
    keys,
    signingAlgorithm: algorithm,
    notAfter: new Date(Date.now() + 86_400_000),
    extensions: [new x509.SubjectAlternativeNameExtension([{ type, value: address }])],
  });
  const key = x509.PemConverter.encode(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY');
  const paths = { certificate: join(folder, `${address}.crt`), key: join(folder, `${address}.key`) };
  writeFileSync(paths.certificate, certificate.toString('pem'));
  writeFileSync(paths.key, key, { mode: 0o600 });
  return { ...paths, caPem: certificate.toString('pem') };
};

describe('TLS', () => {
  let folder: string;
  let server: S3Server;
  let caPem: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'rebound-tls-'));
    const tls = await makeCertificate(folder, '127.0.0.1');
    caPem = tls.caPem;
    server = await startS3Server({ tls });
  });
  afterAll(async () => {
    await server.remove();
    rmSync(folder, { recursive: true });
  });

  it('works with the authority that the settings name', async () => {
    const settings = { ...server.settings, caPem };
    const fresh = createS3Destination(settings, { expectedIdentity: undefined });
    expect(await fresh.initialize(identity, limits)).toMatchObject({ ok: true });
    const destination = createS3Destination(settings, { expectedIdentity: identity.id });
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'none' });
    await Promise.all([fresh.close(), destination.close()]);
  });

  it('works through a proxy, with the certificate of the store and not of the proxy', async () => {
    const tls = await makeCertificate(folder, 'store.invalid', 'dns');
    const [hidden, proxy] = await Promise.all([startS3Server({ tls }), startForwardProxy()]);
    const endpoint = hidden.settings.endpoint?.replace('127.0.0.1', 'store.invalid');
    const open = (ca: string) =>
      createS3Destination(
        { ...hidden.settings, endpoint, caPem: ca },
        { expectedIdentity: identity.id, proxyEnvironment: { HTTPS_PROXY: proxy.url } },
      );
    const [right, wrong] = [open(tls.caPem), open(caPem)];
    expect(await right.initialize(identity, limits)).toMatchObject({ ok: true });
    expect(await right.probe('shop/db', limits)).toEqual({ kind: 'none' });
    expect(proxy.asked[0]).toMatch(/^CONNECT store\.invalid:\d+$/);
    expect(await wrong.probe('shop/db', limits)).toMatchObject({ kind: 'unknown', reason: 'TlsFailure' });
    await Promise.all([right.close(), wrong.close()]);
    proxy.close();
    await hidden.remove();
  });

  it('invariant 2: a certificate of another authority is unknown', async () => {
    const { caPem: otherPem } = await makeCertificate(folder, '127.0.0.1');
    for (const settings of [server.settings, { ...server.settings, caPem: otherPem }]) {
      const destination = createS3Destination(settings, { expectedIdentity: identity.id });
      expect(await destination.probe('shop/db', limits)).toMatchObject({ kind: 'unknown', reason: 'TlsFailure' });
      await destination.close();
    }
  });
});
