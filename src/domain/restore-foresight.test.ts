import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { foreseeRestore, type ForesightFacts, type TreeFacts } from './restore-foresight.ts';

const plain: TreeFacts = { ownerUIDs: [1000], hasACLs: false, hasFileCapabilities: false, hasDevices: false };
const fine: ForesightFacts = { moverUser: { runAsUser: 1000 }, privilegedMovers: false, podUIDs: [1000], tree: plain };

const reasons = (facts: Partial<ForesightFacts>): string[] =>
  foreseeRestore({ ...fine, ...facts }).map(({ reason }) => reason);

describe('foreseeRestore', () => {
  it('foresees nothing where the mover is the user that owns all', () => {
    expect(reasons({})).toEqual([]);
    expect(reasons({ tree: undefined })).toEqual([]);
  });

  it('invariant 11: warns where nobody says whom the mover should run as, unless all belongs to root', () => {
    expect(reasons({ moverUser: {} })).toEqual(['UserUnknown']);
    expect(reasons({ moverUser: { fsGroup: 1000 }, tree: undefined })).toEqual(['UserUnknown']);
    expect(reasons({ moverUser: { runAsUser: 0 } })).toEqual(['UserUnknown']);
    expect(reasons({ moverUser: {}, tree: { ...plain, ownerUIDs: [0] } })).toEqual([]);
    expect(reasons({ moverUser: {}, tree: { ...plain, ownerUIDs: [] } })).toEqual([]);
  });

  it('invariant 11: warns of files of others, and of pods that run as different users', () => {
    const tree = { ...plain, ownerUIDs: [33, 0, 1000] };
    expect(foreseeRestore({ ...fine, tree })[0]?.message).toContain('files of 0, 33 come back as belonging to 1000');
    expect(reasons({ podUIDs: [0, 1000] })).toEqual(['UsersDiffer']);
  });

  it('invariant 11: warns of what no user of the engine can bring back', () => {
    const tree = { ...plain, hasACLs: true, hasFileCapabilities: true, hasDevices: true };
    expect(reasons({ tree, privilegedMovers: true })).toEqual(['DevicesLost', 'AttributesLost']);
  });

  it('names a cure in every sentence, and none of owners where movers are privileged', () => {
    const facts = fc.record<ForesightFacts>({
      moverUser: fc.constantFrom({}, { runAsUser: 0 }, { runAsUser: 1000 }, { fsGroup: 1 }),
      privilegedMovers: fc.boolean(),
      podUIDs: fc.uniqueArray(fc.nat({ max: 3 })),
      tree: fc.option(
        fc.record({
          ownerUIDs: fc.uniqueArray(fc.nat({ max: 3 })),
          hasACLs: fc.boolean(),
          hasFileCapabilities: fc.boolean(),
          hasDevices: fc.boolean(),
        }),
        { nil: undefined },
      ),
    });
    fc.assert(
      fc.property(facts, (given) => {
        for (const { reason, message } of foreseeRestore(given)) {
          expect(message).toMatch(/Set annotation|Remove them|plain restic/);
          if (given.privilegedMovers) expect(['AttributesLost', 'DevicesLost']).toContain(reason);
        }
      }),
    );
  });
});
