import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { masterPasswordWeakness } from './master-password.ts';

it('takes what the recommended command makes', () => {
  for (let times = 0; times < 100; times += 1) {
    expect(masterPasswordWeakness(randomBytes(48).toString('base64'))).toBeUndefined();
  }
});

it('finds short and monotonous passwords weak, without quoting them', () => {
  expect(masterPasswordWeakness('hunter2')).toContain('fewer than 32 bytes');
  expect(masterPasswordWeakness('x'.repeat(31))).toContain('fewer than 32 bytes');
  expect(masterPasswordWeakness('abcabcabc'.repeat(10))).toContain('fewer than 10 different characters');
  expect(masterPasswordWeakness('hunter2')).not.toContain('hunter2');
});

it('counts bytes, not characters', () => {
  expect(masterPasswordWeakness('äöüßéèêçñøåæœ€ÄÖÜ')).toBeUndefined();
});
