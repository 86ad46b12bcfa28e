import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type FillVerdict, judgeVolume } from './fillable-volume.ts';

const PRIME = 'prime-uid';
const provisioned = { 'pv.kubernetes.io/provisioned-by': 'csi.example' };
const boundByController = { 'pv.kubernetes.io/bound-by-controller': 'yes' };
const mayFill = { 'rebound.dev/may-fill': 'true' };

describe('what may be written into the volume of a prime claim', () => {
  it.each<[string, Record<string, string>, FillVerdict['kind']]>([
    ['a volume that a provisioner made for it may be filled', provisioned, 'made'],
    ['a volume made by hand that the controller bound is foreign', boundByController, 'foreign'],
    ['a volume made by hand for that claim is foreign', {}, 'foreign'],
    [
      'a volume that was provisioned for another claim and set free since is foreign',
      { ...provisioned, ...boundByController },
      'foreign',
    ],
    ['a volume made by hand is offered where its owner says so', { ...boundByController, ...mayFill }, 'offered'],
    [
      'a volume that was set free is offered where its owner says so',
      { ...provisioned, ...boundByController, ...mayFill },
      'offered',
    ],
    ['only the word true offers a volume', { ...boundByController, 'rebound.dev/may-fill': 'yes' }, 'foreign'],
  ])('invariant 12: %s', (_, annotations, kind) => {
    expect(judgeVolume({ annotations, claimUID: PRIME }, PRIME).kind).toBe(kind);
  });

  it('invariant 12: whatever its annotations say, a volume that names another claim or none is not touched', () => {
    const annotations = fc.subarray([provisioned, boundByController, mayFill]);
    fc.assert(
      fc.property(annotations, fc.option(fc.uuid(), { nil: undefined }), (some, claimUID) => {
        const verdict = judgeVolume(
          { annotations: Object.fromEntries(some.flatMap((one) => Object.entries(one))), claimUID },
          PRIME,
        );
        expect(verdict.kind).toBe('unbound');
      }),
    );
  });
});
