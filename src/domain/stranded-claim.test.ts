import { expect, it } from 'vitest';
import { judgePlacement } from './stranded-claim.ts';

const placed = { waitsForNode: true, claimNode: 'a', primeNode: 'a', nodeExists: true };

it('a volume may come on the node that was chosen', () => {
  expect(judgePlacement(placed)).toBe('fine');
});

it('no node is needed where volumes are made at once, or was chosen', () => {
  expect(judgePlacement({ waitsForNode: false, nodeExists: true })).toBe('fine');
  expect(judgePlacement({ ...placed, claimNode: undefined, primeNode: undefined })).toBe('fine');
});

it('no volume will come where the provisioner gave the node back, the node is gone, or another was chosen', () => {
  expect(judgePlacement({ ...placed, primeNode: undefined })).toBe('refused');
  expect(judgePlacement({ ...placed, nodeExists: false })).toBe('gone');
  expect(judgePlacement({ ...placed, claimNode: 'b' })).toBe('moved');
});
