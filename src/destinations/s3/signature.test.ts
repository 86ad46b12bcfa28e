import { describe, expect, it } from 'vitest';
import { createSigner, encodeComponent, type UnsignedRequest } from './signature.ts';

// The worked examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
const credentials = {
  region: 'us-east-1',
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
};
const host = 'examplebucket.s3.amazonaws.com';
const friday = new Date('2013-05-24T00:00:00Z');

const signatureOf = (request: UnsignedRequest, now = friday, more = {}): string => {
  const { headers } = createSigner({ ...credentials, ...more })(request, now);
  return /Signature=([0-9a-f]{64})$/.exec(headers['authorization'] ?? '')?.[1] ?? 'none';
};

describe('createSigner', () => {
  it('signs a GET with a header as AWS does', () => {
    const request = { method: 'GET', host, path: '/test.txt', query: {}, headers: { range: 'bytes=0-9' } };
    expect(signatureOf(request)).toBe('f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41');
  });

  it('signs a PUT with a body and an encoded key as AWS does', () => {
    const headers = { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' };
    const body = Buffer.from('Welcome to Amazon S3.');
    const request = { method: 'PUT', host, path: `/${encodeComponent('test$file.text')}`, query: {}, headers, body };
    expect(signatureOf(request)).toBe('98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd');
  });

  it('signs a query without a value as AWS does', () => {
    const request = { method: 'GET', host, path: '/', query: { lifecycle: '' }, headers: {} };
    expect(signatureOf(request)).toBe('fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543');
  });

  it('signs a listing as AWS does', () => {
    const request = { method: 'GET', host, path: '/', query: { prefix: 'J', 'max-keys': '2' }, headers: {} };
    expect(signatureOf(request)).toBe('34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7');
  });

  it('derives another key on another day', () => {
    const sign = createSigner(credentials);
    const request = { method: 'GET', host, path: '/', query: {}, headers: {} };
    const first = sign(request, friday).headers['authorization'];
    expect(sign(request, new Date('2013-05-25T00:00:00Z')).headers['authorization']).toContain(
      '/20130525/us-east-1/s3',
    );
    expect(sign(request, friday).headers['authorization']).toBe(first);
  });

  it('sends and signs a session token', () => {
    const request = { method: 'GET', host, path: '/', query: {}, headers: {} };
    const { headers } = createSigner({ ...credentials, sessionToken: 'token' })(request, friday);
    expect(headers['x-amz-security-token']).toBe('token');
    expect(headers['authorization']).toContain('x-amz-security-token');
  });

  it('never sends the secret key', () => {
    const request = { method: 'GET', host, path: '/', query: {}, headers: {} };
    expect(JSON.stringify(createSigner(credentials)(request, friday))).not.toContain(credentials.secretAccessKey);
  });
});

describe('encodeComponent', () => {
  it('leaves only unreserved characters', () => {
    expect(encodeComponent("a-b_c.d~e/f g!'()*ü")).toBe('a-b_c.d~e%2Ff%20g%21%27%28%29%2A%C3%BC');
  });
});
