import { describe, expect, it } from 'vitest';
import { bucketAddress } from './addressing.ts';

const address = (settings: { endpoint?: string; region?: string; bucket?: string; forcePathStyle?: boolean }) =>
  bucketAddress({ region: 'eu-west-1', bucket: 'backups', forcePathStyle: false, ...settings });

describe('bucketAddress', () => {
  it('puts the bucket into the path', () => {
    expect(address({ endpoint: 'http://minio:9000', forcePathStyle: true })).toEqual({
      origin: 'http://minio:9000',
      host: 'minio:9000',
      bucketPath: '/backups',
    });
  });

  it('puts the bucket into the host name', () => {
    expect(address({ endpoint: 'https://s3.example.com' })).toEqual({
      origin: 'https://backups.s3.example.com',
      host: 'backups.s3.example.com',
      bucketPath: '',
    });
  });

  it('finds AWS by region, China included', () => {
    expect(address({}).host).toBe('backups.s3.eu-west-1.amazonaws.com');
    expect(address({ region: 'cn-north-1' }).host).toBe('backups.s3.cn-north-1.amazonaws.com.cn');
  });

  it.each([
    ['a dotted bucket over TLS', { bucket: 'my.backups' }, '/my.backups'],
    ['an IPv4 address', { endpoint: 'http://10.0.0.7:9000' }, '/backups'],
    ['an IPv6 address', { endpoint: 'http://[fd00::7]:9000' }, '/backups'],
  ])('uses the path for %s whatever the settings say', (_, settings, bucketPath) => {
    expect(address(settings).bucketPath).toBe(bucketPath);
  });

  it('leaves out a default port, as clients do in the Host header', () => {
    expect(address({ endpoint: 'https://s3.example.com:443', forcePathStyle: true }).host).toBe('s3.example.com');
  });
});
