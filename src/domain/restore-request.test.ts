import { describe, expect, it } from 'vitest';
import { parseRestoreRequest } from './restore-request.ts';

describe('parseRestoreRequest', () => {
  it('means latest when nothing is said', () => {
    expect(parseRestoreRequest(undefined)).toEqual({ ok: true, request: { kind: 'latest' } });
    expect(parseRestoreRequest('latest')).toEqual({ ok: true, request: { kind: 'latest' } });
  });

  it('reads newest, none, a snapshot id and its beginning', () => {
    expect(parseRestoreRequest('newest')).toEqual({ ok: true, request: { kind: 'newest' } });
    expect(parseRestoreRequest('none')).toEqual({ ok: true, request: { kind: 'none' } });
    expect(parseRestoreRequest('0123abcd')).toEqual({ ok: true, request: { kind: 'snapshot', id: '0123abcd' } });
    const id = 'f'.repeat(64);
    expect(parseRestoreRequest(id)).toEqual({ ok: true, request: { kind: 'snapshot', id } });
  });

  it('reads a time in any zone', () => {
    const request = { kind: 'asOf', timeMilliseconds: Date.UTC(2026, 7, 1, 10) };
    expect(parseRestoreRequest('2026-08-01T10:00:00Z')).toEqual({ ok: true, request });
    expect(parseRestoreRequest('2026-08-01T12:00:00.000+02:00')).toEqual({ ok: true, request });
  });

  it.each([
    '',
    'None',
    'yesterday',
    '0123abc', // Seven digits.
    'g123abcd',
    '2026-08-01', // No time.
    '2026-08-01T10:00:00', // No zone.
    '2026-08-01T10:00Z', // No seconds.
    '2026-02-30T10:00:00Z', // Would count as 2 March.
    '2026-08-01T25:00:00Z',
    `2026-08-01T10:00:00.${'0'.repeat(60)}Z`, // Would not fit into a VolumeRestore.
  ])('refuses %j', (value) => {
    expect(parseRestoreRequest(value)).toMatchObject({ ok: false });
  });

  it('does not repeat the whole of a long wrong value', () => {
    const parsed = parseRestoreRequest('x'.repeat(100_000));
    expect(parsed.ok ? '' : parsed.message.length).toBeLessThan(400);
  });
});
