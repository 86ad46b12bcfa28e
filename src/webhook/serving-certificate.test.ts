import { beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import type { Secret } from '../kube/model/built-in-kinds.ts';
import { type CertifiedKey, issueAuthority, issueLeaf, LEAF_LIFETIME_MILLISECONDS } from '../certificates/issue.ts';
import { ServingCertificate } from './serving-certificate.ts';

const now = Date.now();
const authority = await issueAuthority(now);
const issue = (at = now): Promise<CertifiedKey> => issueLeaf(authority, { dnsNames: ['localhost'] }, at);
const [first, second] = [await issue(), await issue()];

const secretOf = (pair: Partial<CertifiedKey>): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'n', namespace: 's', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  data: { 'tls.crt': btoa(pair.certificatePem ?? ''), 'tls.key': btoa(pair.privateKeyPem ?? '') },
});

describe('ServingCertificate', () => {
  let used: CertifiedKey[];
  let log: string;
  let time: number;
  let expiry: number;
  let certificate: ServingCertificate;

  beforeEach(() => {
    used = [];
    log = '';
    time = now;
    certificate = new ServingCertificate({
      use: (pair) => used.push(pair),
      onCertificate: (at) => (expiry = at),
      logger: pino({}, { write: (line: string) => (log += line) }),
      now: () => time,
    });
  });

  it('takes what the Secret holds, and what it holds later', () => {
    expect(certificate.problem).toContain('rebound-system/rebound-webhook-tls');
    certificate.update(secretOf(first));
    expect(certificate.problem).toBeUndefined();
    certificate.update(secretOf(second));
    expect(used).toEqual([first, second]);
    expect(Math.abs(expiry - now - LEAF_LIFETIME_MILLISECONDS)).toBeLessThan(1_000);
  });

  it('takes nothing twice', () => {
    certificate.update(secretOf(first));
    certificate.update(secretOf(first));
    expect(used).toHaveLength(1);
  });

  it.each([
    ['a Secret that is gone', undefined],
    ['an empty one', secretOf({})],
    [
      'a key that does not fit',
      secretOf({ certificatePem: first.certificatePem, privateKeyPem: second.privateKeyPem }),
    ],
    ['no PEM', secretOf({ certificatePem: 'x', privateKeyPem: 'y' })],
  ])('keeps what it has in the face of %s, and complains', (_, secret) => {
    certificate.update(secretOf(first));
    certificate.update(secret);
    expect(used).toEqual([first]);
    expect(certificate.problem).toBeUndefined();
    expect(log).toContain('is not taken');
    expect(log).not.toContain('PRIVATE KEY');
  });

  it('says when the one in use has expired', () => {
    certificate.update(secretOf(first));
    time = now + LEAF_LIFETIME_MILLISECONDS + 1_000;
    expect(certificate.problem).toContain('expired');
  });

  it('complains of one that the server cannot use', () => {
    const broken = new ServingCertificate({
      use: () => {
        throw new Error('ee key too small');
      },
      onCertificate: () => undefined,
      logger: pino({}, { write: (line: string) => (log += line) }),
      now: () => time,
    });
    broken.update(secretOf(first));
    expect(log).toContain('ee key too small');
    expect(broken.problem).toBeDefined();
  });
});
