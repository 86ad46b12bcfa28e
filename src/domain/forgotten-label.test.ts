import { describe, expect, it } from 'vitest';
import { forgottenLabel, isNewlyUnlabelled } from './forgotten-label.ts';

const createdMilliseconds = Date.UTC(2030, 0, 2);
const claim = { namespace: 'shop', name: 'data-0', createdMilliseconds, needsNoBackup: false };
const remembered = { destination: 'default', policy: 'hourly', time: '2030-01-01T00:00:00Z' };
const HOUR = 3_600_000;

describe('isNewlyUnlabelled', () => {
  it('looks at claims of the last day that are not exempt', () => {
    expect(isNewlyUnlabelled(claim, createdMilliseconds + 23 * HOUR)).toBe(true);
    expect(isNewlyUnlabelled(claim, createdMilliseconds + 24 * HOUR)).toBe(false);
    expect(isNewlyUnlabelled({ ...claim, needsNoBackup: true }, createdMilliseconds)).toBe(false);
  });
});

describe('forgottenLabel', () => {
  it('says of a claim that was created again without its label where its backups are, and what to do', () => {
    const message = forgottenLabel(claim, remembered);
    for (const words of [
      'Destination default',
      'shop/data-0',
      'backup: hourly',
      '2030-01-01',
      'volumeClaimTemplates',
    ]) {
      expect(message).toContain(words);
    }
    expect(message?.length).toBeLessThan(1024);
  });

  it('says nothing of a claim that was backed up itself: its label was taken away', () => {
    expect(forgottenLabel(claim, { ...remembered, time: '2030-01-03T00:00:00Z' })).toBeUndefined();
  });

  it('says nothing of a claim that needs no backup', () => {
    expect(forgottenLabel({ ...claim, needsNoBackup: true }, remembered)).toBeUndefined();
  });
});
