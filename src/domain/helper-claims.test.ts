import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { helperReason } from './helper-claims.ts';

const helpers = [
  { reason: 'Ephemeral', claim: { labels: {}, ownerKinds: ['Pod'] }, cel: /exists\(owner, owner\.kind in \['Pod', '/ },
  {
    reason: 'PartOfClaim',
    claim: { labels: {}, ownerKinds: ['PersistentVolumeClaim'] },
    cel: /exists\(owner, owner\.kind in \['Pod', 'PersistentVolumeClaim'\]\)/,
  },
  {
    reason: 'EngineHelper',
    claim: { labels: { 'app.kubernetes.io/created-by': 'volsync' }, ownerKinds: [] },
    cel: /labels\[\??'app\.kubernetes\.io\/created-by'\](\.orValue\(''\))? [!=]= 'volsync'/,
  },
  {
    reason: 'PrimeClaim',
    claim: { labels: { 'rebound.dev/role': 'prime' }, ownerKinds: [] },
    cel: /labels\[\??'rebound\.dev\/role'\](\.orValue\(''\))? [!=]= 'prime'/,
  },
];

describe('helperReason', () => {
  it.each(helpers)('leaves $reason claims alone', ({ claim, reason }) => {
    expect(helperReason(claim)?.reason).toBe(reason);
  });

  it('leaves no others alone', () => {
    expect(
      helperReason({ labels: { 'app.kubernetes.io/created-by': 'helm' }, ownerKinds: ['StatefulSet'] }),
    ).toBeUndefined();
    expect(helperReason({ labels: { 'rebound.dev/role': 'cache' }, ownerKinds: [] })).toBeUndefined();
  });

  it.each(['policies/no-undecided-claims.yaml', 'policies/kyverno/no-undecided-claims.yaml'])(
    'says what %s says: what one lets pass, the other leaves alone',
    (path) => {
      const text = readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
      for (const { cel } of helpers) expect(text).toMatch(cel);
    },
  );
});
