import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CredentialSource } from './credentials.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'credentials-'))));
afterEach(() => rmSync(folder, { recursive: true }));

function configFor(user: object): KubeConfig {
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: 'test', server: 'https://127.0.0.1:1', caFile: join(folder, 'ca.crt') }],
    users: [{ name: 'test', ...user }],
    contexts: [{ name: 'test', cluster: 'test', user: 'test' }],
    currentContext: 'test',
  });
  return config;
}

describe('CredentialSource', () => {
  it('gives headers in lower case and TLS material, whatever the way to log in', async () => {
    writeFileSync(join(folder, 'ca.crt'), 'authority');
    const token = await new CredentialSource(configFor({ token: 'hunter2' })).current();
    expect(token.headers).toEqual({ authorization: 'Bearer hunter2' });
    expect(token.tls).toEqual({ ca: Buffer.from('authority') });
    const basic = await new CredentialSource(configFor({ username: 'me', password: 'hunter2' })).current();
    expect(basic.headers).toEqual({ authorization: `Basic ${btoa('me:hunter2')}` });
    const file = { certData: btoa('certificate'), keyData: btoa('key') };
    const certificate = await new CredentialSource(configFor(file)).current();
    expect(certificate.tls).toMatchObject({ cert: Buffer.from('certificate'), key: Buffer.from('key') });
  });

  it('notices, once told to forget, that the certificate authority was rotated', async () => {
    writeFileSync(join(folder, 'ca.crt'), 'old');
    const source = new CredentialSource(configFor({ token: 'hunter2' }));
    const before = await source.current();
    writeFileSync(join(folder, 'ca.crt'), 'new');
    expect((await source.current()).tlsFingerprint).toBe(before.tlsFingerprint);
    source.forget();
    expect((await source.current()).tlsFingerprint).not.toBe(before.tlsFingerprint);
  });
});
