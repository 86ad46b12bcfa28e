import { expect, it } from 'vitest';
import { type LetGoStep, nextLetGoStep, type TakenVolume } from './letting-go.ts';

const taken = { claimUID: 'prime', phase: 'Bound' };
const retained = { ...taken, reclaimPolicy: 'Retain' };

it.each<[string, TakenVolume, LetGoStep]>([
  ['of policy Delete is retained first', { ...taken, reclaimPolicy: 'Delete' }, 'retain'],
  ['of policy Recycle is retained first', { ...taken, reclaimPolicy: 'Recycle' }, 'retain'],
  ['of policy Retain is marked first', retained, 'retain'],
  [
    'is retained again when somebody set its policy back',
    { ...taken, reclaimPolicy: 'Delete', formerReclaimPolicy: 'Delete' },
    'retain',
  ],
  ['loses its claim once it is retained', { ...retained, formerReclaimPolicy: 'Delete' }, 'release'],
  ['is freed once it is released', { ...retained, formerReclaimPolicy: 'Delete', phase: 'Released' }, 'free'],
  ['is freed when its reclaim failed', { ...retained, formerReclaimPolicy: 'Recycle', phase: 'Failed' }, 'free'],
  ['that names another claim is left alone', { ...retained, claimUID: 'other', formerReclaimPolicy: 'Delete' }, 'done'],
  ['that names none is left alone', { reclaimPolicy: 'Delete', phase: 'Available' }, 'done'],
])('invariant 12: a volume that a prime claim took, and that %s', (_, volume, step) => {
  expect(nextLetGoStep(volume, 'prime')).toBe(step);
});
