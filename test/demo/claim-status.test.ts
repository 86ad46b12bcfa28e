import { describe, expect, it } from 'vitest';

import type { ProtectedVolumeStatus } from '../../src/api/protected-volume.ts';
import { backupThatHolds, describeProtection, describeSnapshot, nextBackup, provenSnapshot } from './claim-status.ts';

const snapshot = { id: '1a2b3c4d5e', time: '2026-11-21T08:10:05.123Z' };
const wanted = { request: 'r2', dataTime: '2026-11-21T08:10:05Z' };
const confirmed: ProtectedVolumeStatus = { phase: 'Protected', lastBackup: snapshot, lastBackupRequest: 'r2' };

describe('backupThatHolds', () => {
  it('takes the confirmed backup that was asked for', () => {
    expect(backupThatHolds(confirmed, wanted)).toEqual(snapshot);
  });

  it.each<[string, ProtectedVolumeStatus | undefined]>([
    ['there is no status', undefined],
    ['the request was not carried out yet', { ...confirmed, lastBackupRequest: 'r1' }],
    ['the backup is older than the data', { ...confirmed, lastBackup: { ...snapshot, time: '2026-11-21T08:10:04Z' } }],
    ['the claim is not protected', { ...confirmed, phase: 'Degraded' }],
    ['no backup was found', { phase: 'Protected', lastBackupRequest: 'r2' }],
  ])('takes none while %s', (_why, status) => {
    expect(backupThatHolds(status, wanted)).toBeUndefined();
  });
});

describe('nextBackup', () => {
  it('waits until a backup is confirmed and the next one has a time', () => {
    const dueTime = '2026-11-21T08:37:00Z';
    expect(nextBackup({ ...confirmed, nextBackupTime: dueTime })).toEqual({ backup: snapshot, dueTime });
    expect(nextBackup(confirmed)).toBeUndefined();
    expect(nextBackup({ ...confirmed, phase: 'BackingUp', nextBackupTime: dueTime })).toBeUndefined();
    expect(nextBackup(undefined)).toBeUndefined();
  });
});

describe('provenSnapshot', () => {
  const lastProof = { time: '2026-11-21T08:12:00Z', message: 'complete', snapshot };

  it('takes the proof of a new claim', () => {
    expect(provenSnapshot({ claimUID: 'new', lastProof }, ['old'])).toEqual(snapshot);
  });

  it('takes none of a lost claim, of nobody, or of a claim that began blank', () => {
    expect(provenSnapshot({ claimUID: 'old', lastProof }, ['older', 'old'])).toBeUndefined();
    expect(provenSnapshot({ lastProof }, ['old'])).toBeUndefined();
    expect(provenSnapshot({ claimUID: 'new', lastProof: { time: 't', message: 'blank' } }, ['old'])).toBeUndefined();
    expect(provenSnapshot(undefined, [])).toBeUndefined();
  });
});

describe('describeSnapshot', () => {
  it('gives the short id, the clock time and, where known, what is in it', () => {
    expect(describeSnapshot({ ...snapshot, sizeBytes: 118_400_000, files: 1204 })).toBe(
      '1a2b3c4d of 08:10:05Z (118 MB in 1,204 files)',
    );
    expect(describeSnapshot(snapshot)).toBe('1a2b3c4d of 08:10:05Z');
  });
});

describe('describeProtection', () => {
  const base = { apiVersion: 'rebound.dev/v1alpha1', kind: 'ProtectedVolume', metadata: { name: 'pages' } };
  const spec = { claimName: 'pages', policyName: 'hourly' };

  it('says the phase and why', () => {
    const ready = {
      type: 'Ready',
      status: 'False' as const,
      reason: 'BackupFailing',
      message: 'Backups fail.',
      lastTransitionTime: '2026-11-21T08:10:05Z',
    };
    expect(describeProtection({ ...base, spec, status: { phase: 'Degraded', conditions: [ready] } })).toBe(
      'Degraded: Backups fail.',
    );
  });

  it('says so when Rebound does not know the claim, or has said nothing yet', () => {
    expect(describeProtection(undefined)).toContain('not taken');
    expect(describeProtection({ ...base, spec })).toBe('no phase yet');
  });
});
