import { describe, expect, it } from 'vitest';
import type { MoverUser } from '../../api/snapshot.ts';
import { buildReplicationDestination } from './replication-destination.ts';

const build = (moverUser: MoverUser, { paused = false, deletesFiles = false, privilegedMovers = false } = {}) =>
  buildReplicationDestination({
    name: 'rebound-1',
    namespace: 'shop',
    owner: { apiVersion: 'rebound.dev/v1alpha1', kind: 'VolumeRestore', name: 'r', uid: 'u' },
    repositorySecretName: 'rebound-1',
    hasCustomCA: false,
    primeClaimName: 'rebound-prime',
    snapshotTimeMilliseconds: Date.parse('2026-01-02T03:04:05.678Z'),
    policy: {
      schedule: { every: 'Hour', windowStartHour: 0, windowHours: 6 },
      retention: { last: 3 },
      restore: { unvouched: 'Hold', foreign: 'Restore' },
      destination: 'default',
      suspend: false,
      engine: 'VolSync',
      volSync: { copyMethod: 'Snapshot', cacheCapacity: '1Gi', pruneIntervalDays: 7 },
    },
    moverUser,
    privilegedMovers,
    paused,
    deletesFiles,
  }).spec;
const attemptAs = (moverUser: MoverUser) => build(moverUser).restic;

describe('buildReplicationDestination', () => {
  it('restores straight into the prime claim, as of the whole second of the snapshot', () => {
    expect(attemptAs({})).toMatchObject({
      copyMethod: 'Direct',
      destinationPVC: 'rebound-prime',
      restoreAsOf: '2026-01-02T03:04:05Z',
    });
  });

  it('keeps the proxies of service meshes out, which would outlive the mover', () => {
    expect(attemptAs({}).moverPodLabels).toMatchObject({ 'sidecar.istio.io/inject': 'false' });
  });

  it('invariant 12: a mover removes files, and starts at all, only where it is told to', () => {
    expect(build({})).toMatchObject({ paused: false, restic: { enableFileDeletion: false } });
    expect(build({}, { paused: true }).paused).toBe(true);
    expect(build({}, { deletesFiles: true }).restic.enableFileDeletion).toBe(true);
  });

  it("lets a mover that is not root write into a new volume's top folder, which is root's", () => {
    const contextOf = (user: MoverUser) => attemptAs(user).moverSecurityContext;
    expect(contextOf({ runAsUser: 1000 })).toMatchObject({ runAsUser: 1000, fsGroup: 1000 });
    expect(contextOf({ runAsUser: 999, runAsGroup: 998 })).toMatchObject({ runAsGroup: 998, fsGroup: 998 });
    expect(contextOf({ runAsUser: 999, fsGroup: 5 })).toMatchObject({ fsGroup: 5 });
  });

  it('does not forbid root to a mover that the engine makes root', () => {
    expect(build({ runAsUser: 1000 }).restic.moverSecurityContext).toHaveProperty('runAsNonRoot');
    const privileged = build({ runAsUser: 1000 }, { privilegedMovers: true }).restic.moverSecurityContext;
    expect(privileged).not.toHaveProperty('runAsNonRoot');
    expect(privileged).toMatchObject({ fsGroup: 1000 });
  });

  it('leaves root, and a mover whose user is not known, to the engine', () => {
    expect(attemptAs({ runAsUser: 0 }).moverSecurityContext).not.toHaveProperty('fsGroup');
    expect(attemptAs({}).moverSecurityContext).toBeUndefined();
  });
});
