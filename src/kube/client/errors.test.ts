import { describe, expect, it } from 'vitest';
import { isAlreadyExists, isConflict, isGone, isNotFound, isRefusal, isTimeout, KubeError } from './errors.ts';

const subject = { verb: 'patch', resource: 'configmaps', namespace: 'a', name: 'b' };

describe('KubeError', () => {
  it('says what was asked about which object, and what came of it', () => {
    const error = new KubeError(subject, { code: 409, reason: 'Conflict', detail: 'it was modified' });
    expect(error.message).toBe('cannot patch configmaps a/b: 409 Conflict: it was modified');
  });

  it('leaves out what is not known', () => {
    const details = { code: 0, reason: 'DeadlineExceeded', detail: 'no answer in time' };
    expect(new KubeError({ verb: 'list', resource: 'pods' }, details).message).toBe(
      'cannot list pods: DeadlineExceeded: no answer in time',
    );
  });

  it('invariant 9: never quotes what a server says about the content of a Secret', () => {
    const secret = { ...subject, resource: 'secrets' };
    for (const code of [400, 422, 500]) {
      const error = new KubeError(secret, { code, reason: 'Invalid', detail: 'data[key]: Invalid value: "hunter2"' });
      expect(error.message).not.toContain('hunter2');
    }
  });
});

describe('predicates', () => {
  const error = (code: number, reason: string): KubeError => new KubeError(subject, { code, reason, detail: '' });

  it('tell an existing object from a conflicting change', () => {
    expect(isAlreadyExists(error(409, 'AlreadyExists'))).toBe(true);
    expect(isConflict(error(409, 'AlreadyExists'))).toBe(false);
    expect(isConflict(error(409, 'Conflict'))).toBe(true);
  });

  it('know only errors from the API server', () => {
    expect(isNotFound(Object.assign(new Error('from elsewhere'), { code: 404 }))).toBe(false);
    expect(isNotFound(error(404, 'NotFound'))).toBe(true);
    expect(isGone(error(410, 'Expired'))).toBe(true);
  });

  it('count our own time limit and the server’s as a timeout', () => {
    expect([error(0, 'DeadlineExceeded'), error(504, 'Timeout')].every(isTimeout)).toBe(true);
  });

  const said = (code: number, detail: string, verb = 'create'): KubeError =>
    new KubeError({ ...subject, verb }, { code, reason: '', detail });

  it('take for a refusal what would be refused again', () => {
    for (const error of [
      said(403, 'persistentvolumeclaims "data" is forbidden: exceeded quota: small'),
      said(400, 'admission webhook "x" denied the request: no'),
      said(422, 'spec.resources: Invalid value'),
      said(404, '404 page not found'),
      said(404, 'the server could not find the requested resource'),
      said(500, 'Internal error occurred: failed calling webhook "x": no endpoints available'),
      said(403, 'no right', 'delete'),
    ]) {
      expect(isRefusal(error), error.message).toBe(true);
    }
  });

  it('take nothing else for a refusal', () => {
    for (const error of [
      said(409, 'exists'),
      said(404, 'configmaps "b" not found'),
      said(429, 'later'),
      said(503, 'apiserver is shutting down'),
      said(500, 'etcdserver: request timed out'),
      said(0, 'no answer in time'),
      said(403, 'no right', 'list'),
      said(403, 'unable to create new content in namespace a because it is being terminated'),
      new Error('403 create'),
    ]) {
      expect(isRefusal(error), error.message).toBe(false);
    }
  });
});
