import { describe, expect, it } from 'vitest';
import { resticEnvironment, resticRepositoryUrl } from './restic-repository.ts';

const settings = { region: 'us-east-1', bucket: 'backups', prefix: '' };

describe('resticRepositoryUrl', () => {
  it('names endpoint, bucket, prefix and repository', () => {
    const url = resticRepositoryUrl({ ...settings, endpoint: 'http://minio:9000', prefix: 'a/b' }, 'shop/db');
    expect(url).toBe('s3:http://minio:9000/backups/a/b/shop/db');
  });

  it('names AWS by region when there is no endpoint', () => {
    expect(resticRepositoryUrl(settings, 'shop/db')).toBe('s3:https://s3.us-east-1.amazonaws.com/backups/shop/db');
  });
});

describe('resticEnvironment', () => {
  const credentials = { region: 'us-east-1', accessKeyId: 'key', secretAccessKey: 'secret' };

  it('has the entries that restic reads', () => {
    expect(resticEnvironment(credentials)).toEqual({
      AWS_ACCESS_KEY_ID: 'key',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_DEFAULT_REGION: 'us-east-1',
    });
  });

  it('adds a session token', () => {
    expect(resticEnvironment({ ...credentials, sessionToken: 'token' })['AWS_SESSION_TOKEN']).toBe('token');
  });
});
