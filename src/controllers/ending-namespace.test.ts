import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { KubeError } from '../kube/client/errors.ts';
import { done, requeueAfter } from '../runtime/result.ts';
import { untilNamespaceEnds } from './ending-namespace.ts';

const log = pino({ level: 'silent' });

const forbidden = (detail: string): KubeError =>
  new KubeError({ verb: 'patch', resource: 'protectedvolumes' }, { code: 403, reason: 'Forbidden', detail });

describe('untilNamespaceEnds', () => {
  it('passes a result on', async () => {
    expect(await untilNamespaceEnds(log, async () => requeueAfter(5))('shop/data')).toEqual(requeueAfter(5));
  });

  it('is done where the namespace is being deleted', async () => {
    const error = forbidden('unable to create new content in namespace shop because it is being terminated');
    const reconcile = untilNamespaceEnds(log, () => Promise.reject(error));
    expect(await reconcile('shop/data')).toEqual(done());
  });

  it('passes any other error on', async () => {
    const error = forbidden('User "x" cannot patch resource');
    await expect(untilNamespaceEnds(log, () => Promise.reject(error))('shop/data')).rejects.toBe(error);
  });
});
