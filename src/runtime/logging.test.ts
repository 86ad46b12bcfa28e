import { describe, expect, it } from 'vitest';
import { KubeError } from '../kube/client/errors.ts';
import { createLogger } from './logging.ts';

function capture() {
  const lines: string[] = [];
  const logger = createLogger({
    level: 'info',
    base: { role: 'test' },
    destination: { write: (line) => lines.push(line) },
  });
  const parsed = (): unknown => JSON.parse(lines.at(-1) ?? '');
  return { logger, lines, parsed };
}

describe('createLogger', () => {
  it('writes one JSON line with level, time, role and message', () => {
    const { logger, lines, parsed } = capture();
    logger.info({ key: 'a/b' }, 'reconciled');
    expect(parsed()).toMatchObject({ level: 'info', role: 'test', key: 'a/b', msg: 'reconciled' });
    expect(lines.join()).toMatch(/"time":"\d{4}-\d\d-\d\dT[\d:.]+Z"/);
  });

  it('keeps quiet below its level', () => {
    const { logger, lines } = capture();
    logger.debug('details');
    expect(lines).toEqual([]);
  });

  it('invariant 9: hides what is named like a secret, up to two levels down', () => {
    const { logger, lines } = capture();
    const secret = { password: 'hunter2', token: 'hunter2', secretAccessKey: 'hunter2', headers: { x: 'hunter2' } };
    logger.info({ ...secret, request: secret, deep: { object: { data: { key: 'hunter2' } } } }, 'done');
    expect(lines.join()).not.toContain('hunter2');
    expect(lines.join()).toContain('(redacted)');
  });

  it('invariant 9: logs of an error only what is known to be harmless', () => {
    const { logger, lines, parsed } = capture();
    const inner = Object.assign(new Error('connection reset'), { request: { headers: { cookie: 'hunter2' } } });
    const error = new KubeError(
      { verb: 'get', resource: 'pods', namespace: 'a', name: 'b' },
      { code: 503, reason: 'ServiceUnavailable', detail: 'try later' },
      inner,
    );
    logger.error({ err: Object.assign(error, { body: 'hunter2' }) }, 'failed');
    expect(parsed()).toMatchObject({
      err: {
        type: 'KubeError',
        code: 503,
        reason: 'ServiceUnavailable',
        message: 'cannot get pods a/b: 503 ServiceUnavailable: try later',
        cause: { type: 'Error', message: 'connection reset' },
      },
    });
    expect(lines.join()).not.toContain('hunter2');
  });

  it('logs what is thrown without being an error, and causes that go round in circles', () => {
    const { logger, parsed } = capture();
    logger.error({ err: 'just text' });
    expect(parsed()).toMatchObject({ err: { message: 'just text' } });
    const error = new Error('round');
    error.cause = error;
    logger.error({ err: error });
    expect(parsed()).toMatchObject({ err: { cause: { message: 'round' } } });
  });
});
