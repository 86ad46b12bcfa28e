import { describe, expect, it } from 'vitest';
import { howToWait, isOwnSelector, isWaitingSelector, type StorageFacts } from './waiting-claim.ts';

const storage = (facts: Partial<StorageFacts>): StorageFacts => ({
  isCSIDriver: false,
  hasAvailableVolume: false,
  ...facts,
});
const csi = { provisioner: 'disk.example.com', isCSIDriver: true };
const ofTerraform = { managers: ['HashiCorp'] };

describe('howToWait', () => {
  it('leaves a claim of a CSI class to its data source', () => {
    expect(howToWait(storage(csi), {})).toEqual({ kind: 'bySource', warnings: [] });
  });

  it.each([
    ['without a class', {}],
    ['of a class without a provisioner', { provisioner: 'kubernetes.io/no-provisioner' }],
    ['of a class from before CSI', { provisioner: 'kubernetes.io/vsphere-volume' }],
    ['of local-path', { provisioner: 'rancher.io/local-path' }],
    ['of nfs-subdir', { provisioner: 'cluster.local/nas-nfs-subdir-external-provisioner' }],
    ['of a CSI driver that is not installed yet', { provisioner: 'rook-ceph.rbd.csi.ceph.com' }],
    ['of Longhorn, which is not installed yet', { provisioner: 'driver.longhorn.io' }],
    ['of a CSI class with an Available volume', { ...csi, hasAvailableVolume: true }],
  ])('invariant 1: gives a claim %s a selector that nothing matches', (_, facts) => {
    expect(howToWait(storage(facts), { accessModes: ['ReadWriteOnce'] })).toEqual({ kind: 'bySelector', warnings: [] });
  });

  it('invariant 1: has no way for a provisioner that nothing is known about', () => {
    const way = howToWait(storage({ provisioner: 'docker.io/hostpath' }), { storageClassName: 'hostpath' });
    expect(way).toMatchObject({ kind: 'impossible' });
    expect(way).toHaveProperty('message', expect.stringContaining('no CSI driver'));
  });

  it('invariant 1: has none for local-path where its folder is shared, for it looks at no selector there', () => {
    const local = storage({ provisioner: 'rancher.io/local-path' });
    expect(howToWait(local, { accessModes: ['ReadWriteMany'] })).toMatchObject({ kind: 'impossible' });
  });

  it("spares Terraform's claims a selector where a CSI class has an Available volume, and warns", () => {
    const way = howToWait(storage({ ...csi, hasAvailableVolume: true }), ofTerraform);
    expect(way).toMatchObject({ kind: 'bySource', warnings: [expect.stringContaining('Available volume')] });
    expect(howToWait(storage(csi), ofTerraform)).toEqual({ kind: 'bySource', warnings: [] });
  });

  it("invariant 1: gives Terraform's claims one where they would bind blank without it, and warns", () => {
    const way = howToWait(storage({ provisioner: 'rancher.io/local-path' }), { managers: ['kubectl', 'Terraform'] });
    expect(way).toMatchObject({ kind: 'bySelector', warnings: [expect.stringContaining('ignore_changes')] });
  });

  it('warns in no more characters than the API server shows', () => {
    const ways = [storage({ ...csi, hasAvailableVolume: true }), storage({})].map((one) => howToWait(one, ofTerraform));
    for (const way of ways) {
      if (way.kind === 'impossible') throw new Error(way.message);
      expect(way.warnings).toHaveLength(1);
      for (const warning of way.warnings) expect(`Rebound: ${warning}`.length).toBeLessThanOrEqual(256);
    }
  });
});

describe('whose a selector is', () => {
  const selector = (matchLabels: Record<string, string>, expressions = 0) => ({ matchLabels, expressions });

  it('ours has our key alone', () => {
    expect(isWaitingSelector(selector({ 'rebound.dev/waits-for': 'x' }))).toBe(true);
    expect(isWaitingSelector(selector({ 'rebound.dev/waits-for': 'x', app: 'shop' }))).toBe(false);
    expect(isWaitingSelector(selector({ 'rebound.dev/waits-for': 'x' }, 1))).toBe(false);
    expect(isWaitingSelector(undefined)).toBe(false);
  });

  it("a user's is every other that chooses something", () => {
    expect(isOwnSelector(selector({ app: 'shop' }))).toBe(true);
    expect(isOwnSelector(selector({ 'rebound.dev/waits-for': 'x', app: 'shop' }))).toBe(true);
    expect(isOwnSelector(selector({}))).toBe(false);
    expect(isOwnSelector(undefined)).toBe(false);
  });
});
