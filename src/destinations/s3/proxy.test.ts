import { describe, expect, it } from 'vitest';
import { proxyOf } from './proxy.ts';

const proxy = { HTTP_PROXY: 'http://plain:3128', HTTPS_PROXY: 'http://secure:3128' };
const through = (origin: string, noProxy = '') => proxyOf(origin, { ...proxy, NO_PROXY: noProxy })?.host;

describe('proxyOf', () => {
  it('goes directly where no proxy is set', () => {
    expect(proxyOf('https://s3.example.com', {})).toBeUndefined();
    expect(proxyOf('https://s3.example.com', { HTTP_PROXY: 'http://plain:3128' })).toBeUndefined();
  });

  it("takes the proxy of the origin's scheme", () => {
    expect(through('https://s3.example.com')).toBe('secure:3128');
    expect(through('http://s3.example.com')).toBe('plain:3128');
  });

  it('takes lower-case names, and a proxy without a scheme', () => {
    expect(proxyOf('http://s3.example.com', { http_proxy: 'plain:3128' })?.href).toBe('http://plain:3128/');
    expect(proxyOf('http://s3.example.com', { http_proxy: 'plain:3128', no_proxy: 'example.com' })).toBeUndefined();
  });

  it.each(['http://localhost:9000', 'http://127.0.0.1:9000', 'http://[::1]:9000'])('reaches %s directly', (origin) => {
    expect(through(origin)).toBeUndefined();
  });

  it.each([
    ['http://minio.storage.svc:9000', 'svc', true],
    ['http://minio.storage.svc:9000', '.svc', true],
    ['http://minio.storage.svc:9000', '*.svc', true],
    ['http://minio.storage.svc:9000', ' other.org , STORAGE.svc ', true],
    ['http://minio.storage.svc:9000', 'minio.storage.svc:9000', true],
    ['http://minio.storage.svc:9000', 'minio.storage.svc:9001', false],
    ['http://minio.storage.svc:9000', '*', true],
    ['http://example.com', '.example.com', false],
    ['http://example.com', 'example.com', true],
    ['http://badexample.com', 'example.com', false],
    ['http://10.2.3.4:9000', '10.0.0.0/8', true],
    ['http://11.2.3.4:9000', '10.0.0.0/8', false],
    ['http://10.2.3.4:9000', '10.2.3.4', true],
    ['http://10.2.3.4:9000', '10.2.3.4:80', false],
    ['http://[fd00::1]:9000', 'fd00::/8', true],
    ['http://[fd00::1]:9000', '[fd00::1]:9000', true],
    ['http://s3.example.com', '10.0.0.0/8', false],
  ])('%s with NO_PROXY "%s": directly %s', (origin, noProxy, directly) => {
    expect(through(origin, noProxy) === undefined).toBe(directly);
  });
});
