import { describe, expect, it } from 'vitest';
import { describeError, errorCodeOf } from './error-response.ts';

const answer = (status: number, body: string, headers = {}) =>
  describeError({ status, headers, body: Buffer.from(body) });

const error = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>for AKIASECRET</Message></Error>`;

describe('describeError', () => {
  it.each([
    [403, 'AccessDenied', 'AccessDenied'],
    [403, 'InvalidAccessKeyId', 'WrongCredentials'],
    [403, 'SignatureDoesNotMatch', 'WrongCredentials'],
    [404, 'XAdminUserNotFound', 'WrongCredentials'],
    [403, 'RequestTimeTooSkewed', 'ClockSkew'],
    [404, 'NoSuchBucket', 'NoSuchBucket'],
    [404, 'NoSuchKey', 'StoreError'],
    [301, 'PermanentRedirect', 'WrongRegion'],
    [307, 'TemporaryRedirect', 'WrongRegion'],
    [400, 'AuthorizationHeaderMalformed', 'WrongRegion'],
    [503, 'SlowDown', 'Throttled'],
    [429, 'Whatever', 'Throttled'],
    [500, 'InternalError', 'StoreError'],
    [403, 'SomethingNew', 'AccessDenied'],
  ])('HTTP %i with %s is %s', (status, code, reason) => {
    const failure = answer(status, error(code));
    expect(failure).toEqual({ ok: false, reason, message: `HTTP ${status} (${code})` });
  });

  it.each([
    [302, 'BadResponse'],
    [204, 'BadResponse'],
    [401, 'AccessDenied'],
    [404, 'StoreError'],
    [502, 'StoreError'],
    [503, 'Throttled'],
  ])('HTTP %i with a web page is %s', (status, reason) => {
    expect(answer(status, '<html><body>Hello</body></html>')).toMatchObject({ reason });
  });

  it('names the region that the store names', () => {
    const failure = answer(301, error('PermanentRedirect'), { 'x-amz-bucket-region': 'eu-west-1' });
    expect(failure.message).toBe(
      'HTTP 301 (PermanentRedirect); the store says its region is eu-west-1: put it into spec.s3.region',
    );
  });

  it("names the region that the error document names, as Garage's does", () => {
    const body = '<Error><Code>AuthorizationHeaderMalformed</Code><Region>garage</Region></Error>';
    expect(answer(400, body).message).toContain('the store says its region is garage: put it into spec.s3.region');
  });

  it('says of an archived object what it is, and not that access is denied', () => {
    const failure = answer(403, error('InvalidObjectState'));
    expect(failure.reason).toBe('ObjectArchived');
    expect(failure.message).toContain('restore it there');
  });

  it("invariant 9: never repeats the server's own text", () => {
    expect(answer(403, error('InvalidAccessKeyId')).message).not.toContain('AKIASECRET');
    expect(answer(403, error('<b>AKIASECRET</b>')).message).not.toContain('AKIASECRET');
    expect(answer(403, error('AKIA SECRET')).message).not.toContain('AKIA');
  });
});

describe('errorCodeOf', () => {
  it('finds a code in an S3 error document only', () => {
    expect(errorCodeOf(Buffer.from(error('NoSuchKey')))).toBe('NoSuchKey');
    expect(errorCodeOf(Buffer.from('<html><Code>NoSuchKey</Code></html>'))).toBeUndefined();
    expect(errorCodeOf(Buffer.from(error('NoSuchKey').slice(0, -3)))).toBeUndefined();
  });
});
