import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newDestinationIdentity } from '../../../src/destinations/identity.ts';
import { createS3Destination } from '../../../src/destinations/s3/s3-destination.ts';
import { startForwardProxy, type ForwardProxy } from './forward-proxy.ts';
import { startS3Server, type S3Server } from './versitygw.ts';

const limits = { timeoutMilliseconds: 5_000 };
const identity = newDestinationIdentity('00000000-0000-4000-8000-000000000001', new Date(0));

describe('a store behind a proxy', () => {
  let server: S3Server;
  let proxy: ForwardProxy;

  beforeAll(async () => {
    [server, proxy] = await Promise.all([startS3Server(), startForwardProxy()]);
  });
  afterAll(async () => {
    proxy.close();
    await server.remove();
  });

  /** The store by a name that only the proxy can resolve. */
  const open = (proxyEnvironment: Readonly<Record<string, string>>) => {
    const endpoint = server.settings.endpoint?.replace('127.0.0.1', 'store.invalid');
    return createS3Destination({ ...server.settings, endpoint }, { expectedIdentity: identity.id, proxyEnvironment });
  };

  it('is reached through the proxy of the environment', async () => {
    const destination = open({ HTTP_PROXY: proxy.url });
    expect(await destination.initialize(identity, limits)).toMatchObject({ ok: true });
    expect(await destination.probe('shop/db', limits)).toEqual({ kind: 'none' });
    expect(proxy.asked.some((line) => line.startsWith('PUT http://store.invalid:'))).toBe(true);
    await destination.close();
  });

  it('invariant 2: is unknown where the environment leaves it out, and where the proxy does not answer', async () => {
    for (const environment of [{ HTTP_PROXY: proxy.url, NO_PROXY: '.invalid' }, { HTTP_PROXY: 'http://127.0.0.1:1' }]) {
      const destination = open(environment);
      expect(await destination.probe('shop/db', limits)).toMatchObject({ kind: 'unknown', reason: 'Unreachable' });
      await destination.close();
    }
  });
});
