import { describe, expect, it } from 'vitest';
import { s3Settings } from './settings.ts';

const good = {
  endpoint: 'http://minio:9000',
  region: 'us-east-1',
  bucket: 'backups',
  prefix: 'clusters/one',
  forcePathStyle: true,
  accessKeyId: 'key',
  secretAccessKey: 'secret+/=',
};

describe('s3Settings', () => {
  it('accepts usual settings, with and without a prefix', () => {
    expect(s3Settings.parse(good)).toEqual(good);
    expect(s3Settings.safeParse({ ...good, prefix: '', endpoint: undefined }).success).toBe(true);
  });

  it.each([
    ['credentials in the endpoint', { endpoint: 'http://user:pass@minio:9000' }],
    ['a path in the endpoint', { endpoint: 'http://minio:9000/backups' }],
    ['another scheme', { endpoint: 'ftp://minio' }],
    ['a line end in a secret', { secretAccessKey: 'secret\n' }],
    ['a slash before the prefix', { prefix: '/a' }],
    ['a slash after the prefix', { prefix: 'a/' }],
    ['a prefix that climbs', { prefix: 'a/../b' }],
    ['a prefix that needs encoding', { prefix: 'a b' }],
    ['a bucket that is a path', { bucket: 'a/b' }],
  ])('refuses %s', (_, change) => {
    expect(s3Settings.safeParse({ ...good, ...change }).success).toBe(false);
  });

  it('refuses to put the bucket into the host name where the movers put it into the path', () => {
    const refused = s3Settings.safeParse({ ...good, forcePathStyle: false });
    expect(refused.error?.issues).toMatchObject([{ path: ['forcePathStyle'] }]);
    for (const endpoint of ['https://oss-eu-central-1.aliyuncs.com', 'https://s3.eu-west-1.amazonaws.com', undefined]) {
      expect(s3Settings.safeParse({ ...good, forcePathStyle: false, endpoint }).success).toBe(true);
    }
  });

  it('does not repeat a refused secret in the error', () => {
    const result = s3Settings.safeParse({ ...good, secretAccessKey: 'hush hush\n' });
    expect(result.error?.message).not.toContain('hush');
  });
});
