import { describe, expect, it } from 'vitest';
import { type UnrestoredFacts, unrestoredBackup } from './unrestored-backup.ts';

const earlier = { snapshotId: '12345678'.repeat(8), time: '2030-01-01T00:00:00Z', files: 40 };
const late: UnrestoredFacts = { decision: undefined, restoredByUs: false, asked: undefined, earlier };

describe('unrestoredBackup', () => {
  it('invariant 10: names the backup, its age and size, and both answers so that YAML takes them for text', () => {
    const { newerId, message = '' } = unrestoredBackup(late) ?? {};
    expect(newerId).toBe(earlier.snapshotId);
    expect(message).toContain('12345678 of 2030-01-01T00:00:00.000Z, with 40 files.');
    expect(message).toContain('rebound.dev/restore: "12345678"');
    expect(message).toContain('rebound.dev/accept-restore: "12345678"');
  });

  it('says nothing of a size that nobody knows', () => {
    const { snapshotId, time } = earlier;
    expect(unrestoredBackup({ ...late, earlier: { snapshotId, time } })?.message).toContain('00:00:00.000Z. They');
  });

  it.each([
    ['admission decided', { decision: 'fresh' }],
    ['a restore fills the claim', { restoredByUs: true }],
    ['the claim asks for a blank start', { asked: 'none' }],
    ['no other claim has left a backup', { earlier: undefined }],
  ])('finds nothing where %s', (_, facts) => {
    expect(unrestoredBackup({ ...late, ...facts })).toBeUndefined();
  });

  it.each(['latest', '0123abcd', 'nonsense'])('is not answered by what the claim would have asked for: %s', (asked) => {
    expect(unrestoredBackup({ ...late, asked })).toBeDefined();
  });
});
