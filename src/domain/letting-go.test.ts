import { expect, it } from 'vitest';
import {
  type LetGoStep,
  nextLetGoStep,
  nextReturnStep,
  type QuestionedVolume,
  type ReturnStep,
  type TakenVolume,
} from './letting-go.ts';

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

const volume: QuestionedVolume = { isMade: false, isOffered: false, isKept: true, prime: 'gone' };

it.each<[string, Partial<QuestionedVolume>, ReturnStep]>([
  ['was kept, and whose prime claim is gone', {}, 'letGo'],
  ['nobody could keep before its prime claim was gone', { isKept: false }, 'letGo'],
  ['a prime claim has', { prime: 'present', isKept: false }, 'keepFiles'],
  ['is free, with a policy that is not its own', { prime: 'none' }, 'givePolicyBack'],
  ['is free, as it was', { prime: 'none', isKept: false }, 'nothing'],
  ['is offered, and taken', { isOffered: true, prime: 'present', isKept: false }, 'nothing'],
  ['is offered, and was kept because nobody has looked into it', { isOffered: true }, 'letGo'],
  ['is offered, and was filled for a claim that is gone', { isOffered: true, isKept: false }, 'nothing'],
  ['was made for a prime claim', { isMade: true, isKept: false }, 'nothing'],
  ["was made for a prime claim, and holds somebody's files", { isMade: true }, 'nothing'],
])('invariant 12: a volume is given what is owed to it: one that %s', (_, facts, step) => {
  expect(nextReturnStep({ ...volume, ...facts })).toBe(step);
});
