import { describe, expect, it } from 'vitest';
import type { Retention, Schedule } from '../../api/backup-policy.ts';
import type { MoverUser } from '../../api/snapshot.ts';
import { replicationSources } from './kinds.ts';
import {
  buildReplicationSource,
  manualTriggerOf,
  specKeepingEverything,
  specWithPruningPaused,
} from './replication-source.ts';

const sourceAs = (moverUser: MoverUser) => sourceWith({ last: 3 }, false, undefined, moverUser);

const sourceWith = (retention: Retention, pruningPaused = false, manualTrigger?: string, moverUser: MoverUser = {}) =>
  sourceOf({ every: 'Hour' }, { retention, pruningPaused, manualTrigger, moverUser });

interface Varied {
  readonly retention: Retention;
  readonly pruningPaused?: boolean;
  readonly onlyAdds?: boolean;
  readonly manualTrigger?: string | undefined;
  readonly moverUser?: MoverUser;
}

const sourceOf = (
  { every }: Pick<Schedule, 'every'>,
  { retention, pruningPaused = false, onlyAdds = false, manualTrigger, moverUser = {} }: Varied,
) =>
  buildReplicationSource({
    name: 'rebound-data',
    namespace: 'shop',
    claimName: 'data',
    owner: { apiVersion: 'rebound.dev/v1alpha1', kind: 'ProtectedVolume', name: 'data', uid: 'u' },
    repositorySecretName: 'rebound-data',
    hasCustomCA: false,
    policy: {
      schedule: { every, windowStartHour: 0, windowHours: 6 },
      retention,
      restore: { unvouched: 'Hold', foreign: 'Restore' },
      destination: 'default',
      suspend: false,
      engine: 'VolSync',
      volSync: { copyMethod: 'Snapshot', cacheCapacity: '1Gi', pruneIntervalDays: 7 },
    },
    moverUser,
    privilegedMovers: false,
    pruningPaused,
    onlyAdds,
    manualTrigger,
  }).spec;

const asStored = (spec: object) =>
  replicationSources.parse({ ...{ apiVersion: 'v1', kind: 'ReplicationSource', metadata: { name: 'data' } }, spec })
    .spec;

describe('buildReplicationSource', () => {
  it('where nothing may be deleted, forgets nothing, without a lock, and never prunes', () => {
    const spec = sourceOf({ every: 'Hour' }, { retention: { last: 3 }, onlyAdds: true });
    expect(spec.restic).toMatchObject({ retain: { within: '1000y --dry-run --no-lock' }, pruneIntervalDays: 36_500 });
    const before = sourceOf({ every: 'Hour' }, { retention: { last: 3 } });
    expect(specWithPruningPaused(asStored(before), spec).restic).toEqual({ ...before.restic, ...spec.restic });
    expect(specKeepingEverything(asStored(spec))).toEqual({});
  });

  it("passes the policy's retention on", () => {
    expect(sourceWith({ last: 3, hourly: 24, daily: 0 }).restic.retain).toEqual({
      last: '3',
      hourly: 24,
      within: '3d',
    });
  });

  it.each([
    ['Hour', '3d'],
    ['Day', '5d'],
    ['Week', '20d'],
  ] as const)(
    'invariant 4: keeps what is younger than two days and two and a half intervals (%s), so that collapsed backups do not push the good one out unseen',
    (every, within) => {
      expect(sourceOf({ every }, { retention: { last: 1 } }).restic.retain).toEqual({ last: '2', within });
    },
  );

  it('invariant 3: keeps everything after a collapse', () => {
    expect(sourceWith({ last: 3 }, true).restic.retain).toMatchObject({ within: '1000y' });
  });
});

describe('the mover of a backup', () => {
  it('has no proxy of a service mesh beside it, which would outlive it', () => {
    expect(sourceAs({}).restic.moverPodLabels).toMatchObject({ 'sidecar.istio.io/inject': 'false' });
  });

  it('reads with the fsGroup as a supplementary group, so that no file changes its group or mode on the way', () => {
    const spec = sourceAs({ runAsUser: 999, runAsGroup: 999, fsGroup: 998 });
    expect(spec.restic.moverSecurityContext).toEqual({
      runAsUser: 999,
      runAsGroup: 999,
      runAsNonRoot: true,
      supplementalGroups: [998],
      seccompProfile: { type: 'RuntimeDefault' },
    });
    expect(sourceAs({ fsGroup: 5 }).restic.moverSecurityContext).toMatchObject({ supplementalGroups: [5] });
    expect(sourceAs({}).restic).not.toHaveProperty('moverSecurityContext');
  });
});

describe('manualTriggerOf', () => {
  it('reads what an object was told', () => {
    expect(manualTriggerOf({ spec: { trigger: { schedule: '5 * * * *', manual: 'now' } } })).toBe('now');
    expect(manualTriggerOf({ spec: { trigger: { schedule: '5 * * * *' } } })).toBeUndefined();
    expect(manualTriggerOf(undefined)).toBeUndefined();
  });
});
