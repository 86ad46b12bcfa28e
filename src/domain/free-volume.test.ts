import { describe, expect, it } from 'vitest';
import { foreignVolumeInTheWay, type FreeVolume, type VolumeSize } from './free-volume.ts';

const wanted: VolumeSize = {
  storageClassName: 'fast',
  bytes: 100,
  accessModes: ['ReadWriteOnce'],
  volumeMode: 'Filesystem',
};
const free: FreeVolume = { ...wanted, name: 'theirs', isOffered: false };

describe('a volume that lies ready', () => {
  it.each<[string, Partial<FreeVolume>]>([
    ['is of the same size', {}],
    ['is larger', { bytes: 200 }],
    ['has more access modes', { accessModes: ['ReadOnlyMany', 'ReadWriteOnce'] }],
  ])('invariant 12: is in the way of a prime claim where it %s', (_, more) => {
    expect(foreignVolumeInTheWay([{ ...free, ...more }], wanted)?.name).toBe('theirs');
  });

  it.each<[string, Partial<FreeVolume>]>([
    ['is smaller', { bytes: 99 }],
    ['is of another class', { storageClassName: '' }],
    ['is a block device', { volumeMode: 'Block' }],
    ['lacks an access mode', { accessModes: ['ReadOnlyMany'] }],
    ['is offered', { isOffered: true }],
  ])('is not in the way where it %s', (_, more) => {
    expect(foreignVolumeInTheWay([{ ...free, ...more }], wanted)).toBeUndefined();
  });

  it('is not in the way beside one that is offered: which of them is taken is seen then', () => {
    expect(foreignVolumeInTheWay([free, { ...free, name: 'offered', isOffered: true }], wanted)).toBeUndefined();
  });
});
