import { describe, expect, it } from 'vitest';
import { type TreeEntry, TreeSurvey } from './tree-survey.ts';

const entry = (path: string, more: Partial<TreeEntry> = {}): TreeEntry => ({
  path,
  type: 'file',
  uid: 1000,
  gid: 1000,
  attributes: [],
  ...more,
});

function surveyed(...entries: readonly TreeEntry[]) {
  const survey = new TreeSurvey();
  for (const one of entries) survey.note(one);
  return survey.facts(true);
}

describe('TreeSurvey', () => {
  it('counts nothing in nothing', () => {
    expect(new TreeSurvey().facts(false)).toEqual({ entries: 0, whole: false, owners: [] });
  });

  it('counts owners, those with the most first, and names some of what they own', () => {
    const facts = surveyed(entry('a', { uid: 0, gid: 33 }), entry('b'), entry('c'), entry('d'));
    expect(facts).toEqual({
      entries: 4,
      whole: true,
      owners: [
        { uid: 1000, gid: 1000, entries: 3, examples: ['b', 'c'] },
        { uid: 0, gid: 33, entries: 1, examples: ['a'] },
      ],
    });
  });

  it('knows whose the top is where all in it belongs to one', () => {
    const deep = entry('d/x', { uid: 0, gid: 0 });
    expect(surveyed(entry('d', { type: 'dir' }), deep).topOwner).toEqual({ uid: 1000, gid: 1000 });
    expect(surveyed(entry('d', { type: 'dir' }), entry('e', { gid: 1 })).topOwner).toBeUndefined();
  });

  it('keeps few owners, and counts the rest', () => {
    const facts = surveyed(...Array.from({ length: 20 }, (_, n) => entry(`${n}`, { uid: n })));
    expect(facts.owners).toHaveLength(8);
    expect(facts.furtherOwners).toBe(12);
  });

  it('finds devices, ACLs, capabilities and other attributes', () => {
    const facts = surveyed(
      entry('null', { type: 'chardev' }),
      entry('disk', { type: 'dev' }),
      entry('pipe', { type: 'fifo' }),
      entry('shared', { attributes: ['system.posix_acl_access', 'system.posix_acl_default'] }),
      entry('ping', { attributes: ['security.capability'] }),
      entry('sealed', { attributes: ['security.ima', 'user.kept'] }),
    );
    expect(facts).toMatchObject({
      devices: { entries: 2, examples: ['null', 'disk'] },
      acls: { entries: 1, examples: ['shared'] },
      capabilities: { entries: 1, examples: ['ping'] },
      otherAttributes: { entries: 1, examples: ['sealed'] },
    });
  });

  it('finds nothing in attributes that a restore brings back, or that the node sets', () => {
    const attributes = ['user.comment', 'security.selinux', 'system.nfs4_acl'];
    expect(surveyed(entry('a', { attributes }))).not.toHaveProperty('otherAttributes');
  });

  it('shortens long paths at their beginning', () => {
    const [owner] = surveyed(entry(`${'deep/'.repeat(40)}name`)).owners;
    expect(owner?.examples[0]).toMatch(/^….*deep\/name$/);
    expect(owner?.examples[0]).toHaveLength(60);
  });
});
