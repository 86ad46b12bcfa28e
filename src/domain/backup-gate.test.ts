import { describe, expect, it } from 'vitest';
import { backupGate } from './backup-gate.ts';

const facts = { claimUID: 'a', claimBound: true, restoredByUs: false, boundElsewhere: false };

describe('backupGate', () => {
  it('opens for a bound claim that needs no restore', () => {
    expect(backupGate(facts)).toEqual({ open: true });
    expect(backupGate({ ...facts, claimBound: false })).toMatchObject({ open: false, reason: 'ClaimPending' });
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
});
