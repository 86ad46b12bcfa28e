import { describe, expect, it } from 'vitest';
import { encodeAnswer } from './answer.ts';

const decode = (text: string): unknown => JSON.parse(text);

describe('encodeAnswer', () => {
  it('carries a patch in base64', () => {
    const operations = [{ op: 'add', path: '/metadata/annotations', value: { ü: '1' } }] as const;
    const answer = { kind: 'allowed', operations, warnings: ['w'], auditAnnotations: { decision: 'fresh' } } as const;
    expect(decode(encodeAnswer('u-1', answer))).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: {
        uid: 'u-1',
        allowed: true,
        patchType: 'JSONPatch',
        patch: Buffer.from(JSON.stringify(operations)).toString('base64'),
        warnings: ['w'],
        auditAnnotations: { decision: 'fresh' },
      },
    });
  });

  it('has no patch where there is nothing to change', () => {
    const answer = { kind: 'allowed', operations: [], warnings: [], auditAnnotations: {} } as const;
    expect(decode(encodeAnswer('u', answer))).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'u', allowed: true, warnings: [], auditAnnotations: {} },
    });
  });

  it('denies with a status, and says when to come back', () => {
    const answer = {
      kind: 'denied',
      code: 503,
      reason: 'ServiceUnavailable',
      message: 'not yet',
      retryAfterSeconds: 2,
      auditAnnotations: {},
    } as const;
    expect(decode(encodeAnswer('u', answer))).toHaveProperty('response', {
      uid: 'u',
      allowed: false,
      status: { code: 503, reason: 'ServiceUnavailable', message: 'not yet', details: { retryAfterSeconds: 2 } },
      auditAnnotations: {},
    });
  });
});
