import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { EntriesFound, TreeFacts, TreeOwner } from '../api/restore-foresight.ts';
import type { MoverUser } from '../api/snapshot.ts';
import { foreseeRestore, type LimitFacts } from './restore-limits.ts';

const owner = (uid: number, gid: number, entries: number, ...examples: string[]): TreeOwner => ({
  uid,
  gid,
  entries,
  examples,
});

const tree = (...owners: TreeOwner[]): TreeFacts => ({
  entries: owners.reduce((sum, { entries }) => sum + entries, 0),
  whole: true,
  owners,
});

const plain = tree(owner(1000, 1000, 210, 'a', 'b'));
const fine: LimitFacts = {
  moverUser: { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 },
  privilegedMovers: false,
  podUIDs: [1000],
  tree: plain,
  restoresAllMetadata: false,
  isTopFolderRecorded: false,
};

const foreseen = (facts: Partial<LimitFacts>) => foreseeRestore({ ...fine, ...facts });
const reasons = (facts: Partial<LimitFacts>): string[] => foreseen(facts).map(({ reason }) => reason);

describe('foreseeRestore', () => {
  it('foresees nothing where the mover is the user that owns all', () => {
    expect(reasons({})).toEqual([]);
    expect(reasons({ tree: undefined })).toEqual([]);
    expect(reasons({ moverUser: { runAsUser: 1000, fsGroup: 2000 }, tree: tree(owner(1000, 2000, 5)) })).toEqual([]);
  });

  it('foresees nothing for a root mover where all belongs to root', () => {
    for (const moverUser of [{}, { runAsUser: 0 }, { runAsUser: 0, fsGroup: 33 }]) {
      expect(reasons({ moverUser, tree: tree(owner(0, 0, 5)) })).toEqual([]);
      expect(reasons({ moverUser, tree: tree() })).toEqual([]);
    }
    expect(reasons({ moverUser: { fsGroup: 33 }, tree: tree(owner(0, 33, 5)) })).toEqual([]);
  });

  it('invariant 11: a root mover without rights can never give files of others back', () => {
    const mixed = tree(owner(0, 0, 207), owner(33, 33, 2, 'www/a', 'www/b'), owner(0, 42, 1, 'shadow'));
    expect(foreseen({ moverUser: { runAsUser: 0 }, tree: mixed })).toEqual([
      {
        reason: 'RootCannotRestore',
        message:
          "The mover runs as root, without the right to give files away. 3 of 210 files and folders belong to 33:33, 0:42, such as www/a and www/b: they are backed up, but a restore can't give them back and never ends.",
        cure: 'Let an administrator put annotation volsync.backube/privileged-movers: "true" on the namespace.',
      },
    ]);
    const [unsaid] = foreseen({ moverUser: {} });
    expect(unsaid?.message).toContain('No pod says whom the mover should run as');
    expect(unsaid?.cure).toBe('Set annotation rebound.dev/mover-user: "1000:1000" on the claim.');
  });

  it('invariant 2: without knowing the tree, a root mover is not taken for one that can restore', () => {
    const [limit] = foreseen({ moverUser: {}, tree: undefined });
    expect(limit?.reason).toBe('RootCannotRestore');
    expect(limit?.message).toContain('it is not known whether there are any');
  });

  it('invariant 11: names files of other users and of groups that the mover is not in', () => {
    const mixed = tree(owner(1000, 1000, 207), owner(33, 33, 2, 'www/a'), owner(0, 0, 1, 'etc'));
    expect(foreseen({ tree: mixed })[0]).toMatchObject({
      reason: 'OwnersLost',
      message:
        "3 of 210 files and folders belong to other users than 1000 (33:33, 0:0), such as www/a and etc. The mover runs as 1000: they come back as 1000's.",
    });
    const groups = tree(owner(1000, 1000, 9), owner(1000, 44, 1, 'video'));
    expect(foreseen({ tree: groups })[0]).toMatchObject({
      reason: 'GroupsLost',
      message:
        '1 of 10 files and folders belongs to groups that the mover is not in (44), such as video: they come back with another group.',
    });
    expect(foreseen({ tree: tree(owner(33, 33, 5)) })[0]?.cure).toContain('"33:33"');
  });

  it('counts owners that are too many to be listed, and says what was not looked at', () => {
    const crowd: TreeFacts = { ...tree(owner(33, 33, 10)), entries: 100, furtherOwners: 90, whole: false };
    const [limit] = foreseen({ tree: crowd });
    expect(limit?.message).toContain(
      '100 of the first 100 files and folders belong to other users than 1000 (33:33 and others)',
    );
  });

  it('asks the pods whose files there are only where the tree does not tell', () => {
    expect(reasons({ podUIDs: [0, 1000] })).toEqual([]);
    expect(reasons({ podUIDs: [0, 1000], tree: undefined })).toEqual(['UsersDiffer']);
    expect(reasons({ podUIDs: [0, 1000], tree: { ...plain, whole: false } })).toEqual(['UsersDiffer']);
  });

  it("invariant 11: warns of the top folder where it was most likely the application's own", () => {
    const owned = { ...plain, topOwner: { uid: 1000, gid: 1000 } };
    const moverUser = { runAsUser: 1000, runAsGroup: 1000 };
    expect(reasons({ moverUser, tree: owned })).toEqual(['TopFolderLost']);
    expect(reasons({ moverUser: {}, privilegedMovers: true, tree: owned })).toEqual(['TopFolderLost']);
    // Pods with an fsGroup can write there after a restore as before.
    expect(reasons({ tree: owned })).toEqual([]);
    expect(reasons({ moverUser, tree: { ...owned, topOwner: { uid: 0, gid: 0 } } })).toEqual([]);
  });

  it('invariant 11: names what no user of the engine can bring back', () => {
    const found = (...examples: string[]): EntriesFound => ({ entries: examples.length, examples });
    const special = {
      ...plain,
      devices: found('dev/null'),
      acls: found('shared', 'public'),
      capabilities: found('bin/ping'),
      otherAttributes: found('x'),
    };
    const limits = foreseen({ tree: special, privilegedMovers: true });
    expect(limits.map(({ message }) => message)).toEqual([
      "Device nodes, 1 of them, such as dev/null: this engine can't make them, and a restore that meets one never ends.",
      "ACLs on 2 files and folders, such as shared and public: not restored; an ACL's mask becomes the group's mode.",
      'File capabilities of 1 file or folder, such as bin/ping: not restored.',
      'Extended attributes other than user.* of 1 file or folder, such as x: not restored.',
    ]);
  });

  it('invariant 11: foresees of movers that bring all back only what no mover can', () => {
    const found = { entries: 1, examples: ['x'] };
    const rich: TreeFacts = {
      ...tree(owner(0, 0, 1), owner(33, 33, 1)),
      devices: found,
      acls: found,
      capabilities: found,
      otherAttributes: found,
      topOwner: { uid: 33, gid: 33 },
    };
    const whole = { restoresAllMetadata: true, isTopFolderRecorded: true, moverUser: {}, podUIDs: [0, 33] };
    expect(reasons({ ...whole, tree: rich })).toEqual([]);
    expect(reasons({ ...whole, tree: undefined })).toEqual([]);
    expect(foreseen({ ...whole, tree: { ...rich, trustedAttributes: found } })).toMatchObject([
      {
        reason: 'AttributesLost',
        message: 'Extended attributes trusted.* of 1 file or folder, such as x: not restored.',
      },
    ]);
    expect(reasons({ ...whole, isTopFolderRecorded: false, tree: rich })).toEqual(['TopFolderLost']);
  });

  it('names a cure for everything, and no owners where movers are privileged', () => {
    const id = fc.nat({ max: 3 });
    const ids = fc.array(fc.tuple(id, id));
    const facts = fc.record<LimitFacts>({
      moverUser: fc.record<MoverUser, never>({ runAsUser: id, runAsGroup: id, fsGroup: id }, { requiredKeys: [] }),
      privilegedMovers: fc.boolean(),
      podUIDs: fc.uniqueArray(id),
      tree: fc.option(
        fc
          .tuple(ids, fc.boolean())
          .map(([owners, whole]) => ({ ...tree(...owners.map(([u, g]) => owner(u, g, 1))), whole })),
        { nil: undefined },
      ),
      restoresAllMetadata: fc.constant(false),
      isTopFolderRecorded: fc.boolean(),
    });
    fc.assert(
      fc.property(facts, (given) => {
        const limits = foreseeRestore(given);
        if (given.privilegedMovers) expect(limits).toEqual([]);
        for (const { message, cure } of limits) {
          expect(message).toMatch(/\.$/);
          expect(cure).toMatch(/annotation .*\.$/);
        }
      }),
    );
  });
});
