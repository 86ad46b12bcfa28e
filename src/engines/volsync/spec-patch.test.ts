import { describe, expect, it } from 'vitest';
import { specPatch } from './spec-patch.ts';

const wanted = {
  sourcePVC: 'data',
  trigger: { schedule: '5 * * * *' },
  restic: { repository: 'rebound-data-1', retain: { last: '3', within: '2d' }, cacheAccessModes: ['ReadWriteOnce'] },
};

describe('specPatch', () => {
  it('is nothing where all that is wanted is there, whatever others have added', () => {
    expect(specPatch(wanted, wanted)).toBeUndefined();
    const more = { ...wanted, external: {}, restic: { ...wanted.restic, moverPodLabels: { team: 'a' } } };
    expect(specPatch(more, wanted)).toBeUndefined();
  });

  it('holds what differs, and nothing else', () => {
    const restic = { ...wanted.restic, repository: 'rebound-data-0' };
    expect(specPatch({ ...wanted, restic }, wanted)).toEqual({ restic: { repository: 'rebound-data-1' } });
  });

  it('takes away what is not wanted any more: a retention, a request, a user, a class', () => {
    const actual = {
      ...wanted,
      trigger: { ...wanted.trigger, manual: 'now' },
      restic: {
        ...wanted.restic,
        retain: { ...wanted.restic.retain, hourly: 24 },
        moverSecurityContext: { fsGroup: 1000 },
        volumeSnapshotClassName: 'old',
      },
    };
    expect(specPatch(actual, wanted)).toEqual({
      trigger: { manual: null },
      restic: { retain: { hourly: null }, moverSecurityContext: null, volumeSnapshotClassName: null },
    });
    const user = { restic: { moverSecurityContext: { runAsUser: 1000, supplementalGroups: [5] } } };
    const former = { restic: { moverSecurityContext: { runAsUser: 1000, fsGroup: 5 } } };
    expect(specPatch(former, user)).toEqual({
      restic: { moverSecurityContext: { supplementalGroups: [5], fsGroup: null } },
    });
  });
});
