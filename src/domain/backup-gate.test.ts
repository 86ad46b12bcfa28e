import { describe, expect, it } from 'vitest';
import { backupGate } from './backup-gate.ts';

const facts = {
  claimUID: 'a',
  claimBound: true,
  restoredByUs: false,
  boundElsewhere: false,
  awaitedConsumer: 'none',
} as const;

describe('backupGate', () => {
  it('opens for a bound claim that needs no restore', () => {
    expect(backupGate(facts)).toEqual({ open: true });
    expect(backupGate({ ...facts, claimBound: false })).toMatchObject({ open: false, reason: 'ClaimPending' });
  });

  it('stays shut until a first pod runs; one that is about to start needs no advice', () => {
    const missing = backupGate({ ...facts, awaitedConsumer: 'missing' });
    expect(missing).toMatchObject({ open: false, reason: 'NoConsumer' });
    expect(missing).toHaveProperty('advice');
    const starting = backupGate({ ...facts, awaitedConsumer: 'starting' });
    expect(starting).toMatchObject({ open: false, reason: 'NoConsumer' });
    expect(starting).not.toHaveProperty('advice');
    const unbound = { ...facts, claimBound: false, awaitedConsumer: 'missing' } as const;
    expect(backupGate(unbound)).toMatchObject({ reason: 'ClaimPending' });
  });

  it('invariant 3: stays shut until the restore of this very claim is proven', () => {
    const restoring = { ...facts, restoredByUs: true };
    expect(backupGate({ ...restoring, claimBound: false })).toMatchObject({ open: false, reason: 'RestorePending' });
    expect(backupGate(restoring)).toMatchObject({ open: false, reason: 'RestorePending' });
    expect(backupGate({ ...restoring, provenClaimUID: 'b' })).toMatchObject({ open: false, reason: 'RestorePending' });
    expect(backupGate({ ...restoring, provenClaimUID: 'a' })).toEqual({ open: true });
  });

  it('invariant 3: stays shut, and raises the alarm, when the restore says that it did not fill the volume', () => {
    const elsewhere = { ...facts, restoredByUs: true, boundElsewhere: true };
    expect(backupGate(elsewhere)).toMatchObject({ open: false, reason: 'BoundUnproven' });
    expect(backupGate({ ...elsewhere, claimBound: false })).toMatchObject({ open: false, reason: 'RestorePending' });
  });

  it('invariant 4: shuts when the claim has lost its volume, whatever was proven before, and says how to get it back', () => {
    const proven = { ...facts, claimBound: false, restoredByUs: true, provenClaimUID: 'a' };
    for (const claim of [facts, proven]) {
      const gate = backupGate({ ...claim, lost: { volumeName: 'pv-1' } });
      expect(gate).toMatchObject({ open: false, reason: 'VolumeLost' });
      expect(gate).toHaveProperty(
        'message',
        expect.stringMatching(
          /lost its volume pv-1.*another claim.*Delete the claim and create it again, without spec.volumeName/,
        ),
      );
    }
    expect(backupGate({ ...facts, lost: {} })).toHaveProperty(
      'message',
      expect.stringContaining('without that annotation'),
    );
  });
});
