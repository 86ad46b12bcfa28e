import { describe, expect, it } from 'vitest';
import type { MaintenanceStatus } from '../../api/maintenance.ts';
import { isRetentionNews, viewRetention } from './retention-view.ts';

const time = '2026-03-01T12:00:00Z';
const later = '2026-03-01T14:00:00Z';
const failure = { time, times: 1, kind: 'Failed', message: 'restic failed.' } as const;
const held = { since: time, rules: '{}', snapshots: 149, of: 200 };
const view = (maintenance: MaintenanceStatus) => viewRetention(maintenance, 'hourly', later);

describe('how the retention of a claim stands', () => {
  it('is applied, with what went last', () => {
    expect(view({ time, removed: { time, snapshots: 3, freedBytes: 512 } })).toEqual({
      status: 'True',
      reason: 'Applied',
      message: `At ${time} the repository held what the tier keeps, and nothing else. The last time that snapshots were removed, ${time}, 3 went, which freed 512 bytes.`,
    });
    expect(view({ time }).message).toContain('No snapshot has been removed so far.');
  });

  it('invariant 10: says what failed, that backups go on, and when it is tried again', () => {
    const { message } = view({ failure });
    expect(message).toContain('restic failed. Backups go on');
    expect(message).toContain(later);
  });

  it('invariant 10: says how many snapshots would go, and the words that answer it', () => {
    const { reason, message } = view({ held });
    expect(reason).toBe('RemovalHeld');
    expect(message).toMatch(/149 of 200 snapshots.*rebound\.dev\/accept-removal: "2026-03-01T12:00:00Z"/);
  });

  it('tells a refusal before anything else', () => {
    expect(view({ held, failure: { ...failure, kind: 'Refused' } }).reason).toBe('PruningRefused');
  });
});

describe('what is told of it', () => {
  it.each([
    ['a failure', {}, { failure }, true],
    ['the same failure', { failure }, { failure }, false],
    ['a further failure', { failure }, { failure: { ...failure, time: later, times: 2 } }, true],
    ['one that was broken off', {}, { failure: { ...failure, kind: 'BrokenOff' } }, false],
    ['one that is broken off again and again', {}, { failure: { ...failure, kind: 'BrokenOff', times: 3 } }, true],
    ['a removal that waits', {}, { held }, true],
    ['the same removal', { held }, { held: { ...held, snapshots: 150 } }, false],
    ['another one', { held }, { held: { ...held, since: later } }, true],
    ['success', { failure }, {}, false],
  ] satisfies [string, MaintenanceStatus, MaintenanceStatus, boolean][])('%s', (_, before, after, isNews) => {
    expect(isRetentionNews(before, after)).toBe(isNews);
  });
});
