import { describe, expect, it } from 'vitest';
import { type AdmissionFacts, decideAdmission, isVolumeRestoreReference, type ProbeFact } from './admission.ts';
import type { ClaimFacts } from './claim.ts';
import type { StorageFacts } from './waiting-claim.ts';

const ours = { apiGroup: 'rebound.dev', kind: 'VolumeRestore', name: 'rebound-0011223344556677' };
const snapshot = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'nightly' };

const csi: StorageFacts = { provisioner: 'disk.example.com', isCSIDriver: true, hasAvailableVolume: false };

function facts(claim: Partial<ClaimFacts> = {}, others: Partial<AdmissionFacts> = {}): AdmissionFacts {
  return {
    claim: { namespace: 'shop', name: 'db', labels: { backup: 'hourly' }, annotations: {}, ownerKinds: [], ...claim },
    excludedNamespace: false,
    tiers: ['daily', 'hourly'],
    storage: csi,
    ...others,
  };
}

const decided = (claim: Partial<ClaimFacts>, probe?: ProbeFact) => decideAdmission(facts(claim, { probe }));

describe('what is ignored', () => {
  it('leaves claims of system namespaces alone', () => {
    const step = decideAdmission(facts({}, { excludedNamespace: true }));
    expect(step).toMatchObject({ kind: 'ignore', recorded: false, reason: 'ExcludedNamespace' });
  });

  it('leaves a claim without the label alone', () => {
    expect(decided({ labels: { app: 'x' } })).toMatchObject({ kind: 'ignore', recorded: false, reason: 'NoLabel' });
  });

  it('leaves the claim of a pod alone', () => {
    expect(decided({ ownerKinds: ['Pod'] })).toMatchObject({ kind: 'ignore', recorded: false, reason: 'Ephemeral' });
  });

  it('decides on a claim that something else than a pod owns', () => {
    expect(decided({ ownerKinds: ['StatefulSet'] })).toEqual({ kind: 'probe' });
  });

  it('leaves the claim alone that a restored volume passes through', () => {
    const labels = { backup: 'hourly', 'rebound.dev/role': 'prime' };
    expect(decided({ labels })).toMatchObject({ kind: 'ignore', recorded: false, reason: 'PrimeClaim' });
  });

  it("leaves the engine's helper claims alone", () => {
    const labels = { backup: 'hourly', 'app.kubernetes.io/created-by': 'volsync' };
    expect(decided({ labels })).toMatchObject({ kind: 'ignore', recorded: false, reason: 'EngineHelper' });
  });

  it('records a claim whose volume was chosen, and leaves it alone', () => {
    expect(decided({ volumeName: 'pv-1' })).toMatchObject({ kind: 'ignore', recorded: true, reason: 'OwnVolume' });
  });

  it('leaves a claim whose volume was chosen alone even when its label names no policy', () => {
    const step = decided({ volumeName: 'pv-1', labels: { backup: 'never' } });
    expect(step).toMatchObject({ kind: 'ignore', reason: 'OwnVolume' });
  });

  it('takes an empty volumeName for none', () => {
    expect(decided({ volumeName: '' })).toEqual({ kind: 'probe' });
  });

  it.each([{ dataSource: snapshot }, { dataSourceRef: snapshot }, { dataSource: snapshot, dataSourceRef: snapshot }])(
    'records a data source of the user: %j',
    (claim) => {
      expect(decided(claim)).toMatchObject({ kind: 'ignore', recorded: true, reason: 'OwnDataSource' });
    },
  );

  it('records a claim cloned from another claim, and any kind in dataSourceRef', () => {
    expect(decided({ dataSource: { kind: 'PersistentVolumeClaim', name: 'old' } })).toMatchObject({
      reason: 'OwnDataSource',
    });
    const dataSourceRef = { apiGroup: 'example.com', kind: 'Disk', name: 'x', namespace: 'other' };
    expect(decided({ dataSourceRef })).toMatchObject({ reason: 'OwnDataSource' });
  });

  it("warns that a data source of another tool's keeps a newer backup away", () => {
    const dataSourceRef = { apiGroup: 'volsync.backube', kind: 'ReplicationDestination', name: 'db-dst' };
    expect(decided({ dataSourceRef })).toHaveProperty('warnings.0', expect.stringContaining('even a newer one'));
  });

  it('invariant 5: records a claim that a volume is reserved for, which would take it whatever its selector says', () => {
    const step = decideAdmission(facts({}, { storage: { ...csi, reservedVolume: 'pv-7' }, probe: { kind: 'exists' } }));
    expect(step).toMatchObject({ kind: 'ignore', recorded: true, reason: 'OwnVolume' });
    expect(step).toHaveProperty('warnings.0', expect.stringContaining('pv-7'));
  });

  it('invariant 1: refuses a dataSource that Kubernetes drops, beside an old reference of ours too', () => {
    const dataSource = { apiGroup: 'example.com', kind: 'Disk', name: 'x' };
    expect(decided({ dataSource, dataSourceRef: ours })).toMatchObject({ kind: 'reject', reason: 'DroppedDataSource' });
  });

  it("takes a user's dataSource beside an old reference of ours for the user's word", () => {
    expect(decided({ dataSource: snapshot, dataSourceRef: ours })).toMatchObject({ reason: 'OwnDataSource' });
  });
});

describe('what is not restored, and says so', () => {
  const told = (claim: Partial<ClaimFacts>, reason: string) => {
    const step = decided(claim, { kind: 'exists' });
    expect(step).toMatchObject({ kind: 'ignore', recorded: true, reason });
    if (step.kind !== 'ignore') throw new Error('not ignored');
    expect(step.warnings).toEqual([step.message]);
    expect(`Rebound: ${step.message}`.length).toBeLessThanOrEqual(256);
  };
  const selector = { matchLabels: { app: 'shop' }, expressions: 0 };

  it('a block device', () => told({ volumeMode: 'Block' }, 'BlockVolume'));
  it('a volume that can only be read', () => told({ accessModes: ['ReadOnlyMany'] }, 'ReadOnlyVolume'));
  it('invariant 5: a claim with a selector of its own', () => told({ selector }, 'OwnSelector'));
  it('invariant 5: a claim with a selector of expressions', () =>
    told({ selector: { matchLabels: {}, expressions: 1 } }, 'OwnSelector'));

  it.each(['cnpg.io/cluster', 'postgres-operator.crunchydata.com/cluster', 'strimzi.io/cluster'])(
    'a claim that an operator fills: %s',
    (key) => {
      const labels = { backup: 'hourly', [key]: 'shop-db' };
      told({ labels }, 'OperatorClaim');
      expect(decided({ labels, annotations: { 'rebound.dev/restore': 'latest' } })).toEqual({ kind: 'probe' });
    },
  );

  it('a claim that Velero restores, whatever came along with it', () => {
    const labels = { backup: 'of-another-cluster', 'velero.io/restore-name': 'after-the-fire' };
    told({ labels, dataSourceRef: ours, volumeName: 'pv-1' }, 'VeleroRestore');
    told(
      { selector: { matchLabels: { 'velero.io/dynamic-pv-restore': 'shop.db.x' }, expressions: 0 } },
      'VeleroRestore',
    );
  });

  it('but a claim of Velero that asks for our restore gets it', () => {
    const labels = { backup: 'hourly', 'velero.io/restore-name': 'after-the-fire' };
    const annotations = { 'rebound.dev/restore': 'latest' };
    expect(decided({ labels, annotations }, { kind: 'exists' })).toMatchObject({ kind: 'restore' });
  });

  it('an empty selector chooses nothing, and that of an earlier wait is ours', () => {
    expect(decided({ selector: { matchLabels: {}, expressions: 0 } })).toEqual({ kind: 'probe' });
    const waiting = { matchLabels: { 'rebound.dev/waits-for': 'rebound-0' }, expressions: 0 };
    expect(decided({ selector: waiting })).toEqual({ kind: 'probe' });
  });
});

describe('what is rejected', () => {
  it('invariant 1: a claim that cannot wait is refused while a backup exists or may exist', () => {
    const storage = { provisioner: 'example.com/makes-folders', isCSIDriver: false, hasAvailableVolume: false };
    for (const probe of [{ kind: 'exists' }, { kind: 'unknown', message: 'no answer' }] as const) {
      const step = decideAdmission(facts({ storageClassName: 'folders' }, { storage, probe }));
      expect(step).toMatchObject({ kind: 'reject', reason: 'CannotWait' });
      expect(step).toHaveProperty('message', expect.stringContaining('example.com/makes-folders'));
    }
    expect(decideAdmission(facts({}, { storage, probe: { kind: 'none' } }))).toMatchObject({ kind: 'fresh' });
  });

  it('names the tiers when the label names none of them', () => {
    const step = decided({ labels: { backup: 'weekly' } });
    expect(step).toMatchObject({ kind: 'reject', reason: 'UnknownTier' });
    expect(step).toHaveProperty('message', expect.stringContaining('Use one of: daily, hourly.'));
  });

  it('says so when there is no policy at all', () => {
    const step = decideAdmission(facts({}, { tiers: [] }));
    expect(step).toHaveProperty('message', expect.stringContaining('There is no BackupPolicy yet'));
  });

  it('refuses an empty tier', () => {
    expect(decided({ labels: { backup: '' } })).toMatchObject({ kind: 'reject', reason: 'UnknownTier' });
  });

  it('refuses a restore annotation that makes no sense', () => {
    const step = decided({ annotations: { 'rebound.dev/restore': 'yesterday' } });
    expect(step).toMatchObject({ kind: 'reject', reason: 'MalformedRestore' });
  });

  it('invariant 1: refuses a dataSource that Kubernetes would drop, which would leave the volume blank', () => {
    const step = decided({ dataSource: { apiGroup: 'example.com', kind: 'Disk', name: 'x' } });
    expect(step).toMatchObject({ kind: 'reject', reason: 'DroppedDataSource' });
  });

  it.each(['2026-08-01T10:00:00Z', '0123abcd'])('refuses when %s was asked for and there is no backup', (asked) => {
    const step = decided({ annotations: { 'rebound.dev/restore': asked } }, { kind: 'none' });
    expect(step).toMatchObject({ kind: 'reject', reason: 'NothingToRestore' });
  });

  it('refuses when a snapshot was asked for and the name is yet to be generated', () => {
    const step = decided({ name: '', generateName: 'db-', annotations: { 'rebound.dev/restore': '0123abcd' } });
    expect(step).toMatchObject({ kind: 'reject', reason: 'NothingToRestore' });
  });
});

describe('what the probe decides', () => {
  it('asks before it has an answer', () => {
    expect(decided({})).toEqual({ kind: 'probe' });
  });

  it.each(['latest', 'newest'])('starts blank when there is no backup and just the %s was asked for', (asked) => {
    const annotations = { 'rebound.dev/restore': asked };
    expect(decided({ annotations }, { kind: 'none' })).toMatchObject({ kind: 'fresh', reason: 'NoBackup' });
  });

  it('restores when a backup exists', () => {
    expect(decided({}, { kind: 'exists' })).toMatchObject({ kind: 'restore', reason: 'BackupExists' });
  });

  it('starts blank when there certainly is none', () => {
    expect(decided({}, { kind: 'none' })).toMatchObject({ kind: 'fresh', reason: 'NoBackup' });
  });

  it('invariant 2: holds when it is not known, and says why', () => {
    const step = decided({}, { kind: 'unknown', message: 'the store does not answer.' });
    expect(step).toMatchObject({ kind: 'hold', reason: 'DestinationUnknown' });
    expect(step).toHaveProperty('message', expect.stringContaining('the store does not answer.'));
  });

  it.each([{ dataSourceRef: ours }, { dataSource: ours }, { dataSource: ours, dataSourceRef: ours }])(
    'decides afresh on an old reference of ours: %j',
    (claim) => {
      expect(decided(claim)).toEqual({ kind: 'probe' });
      expect(decided(claim, { kind: 'none' })).toMatchObject({ kind: 'fresh' });
    },
  );

  it('takes no notice of decision annotations that came with the claim', () => {
    const annotations = {
      'rebound.dev/decision': 'fresh',
      'rebound.dev/decision-token': 'shop/db@2026-01-01T00:00:00Z',
    };
    expect(decided({ annotations }, { kind: 'exists' })).toMatchObject({ kind: 'restore' });
  });
});

describe('what is fresh without asking', () => {
  it('is a claim that was asked to start blank', () => {
    const step = decided({ annotations: { 'rebound.dev/restore': 'none' } });
    expect(step).toMatchObject({ kind: 'fresh', reason: 'AskedFor' });
  });

  it('is a claim whose name is yet to be generated', () => {
    expect(decided({ name: '', generateName: 'db-' })).toMatchObject({ kind: 'fresh', reason: 'GeneratedName' });
  });
});

describe('isVolumeRestoreReference', () => {
  it('knows ours from others', () => {
    expect(isVolumeRestoreReference(ours)).toBe(true);
    expect(isVolumeRestoreReference({ ...ours, apiGroup: 'volsync.backube' })).toBe(false);
    expect(isVolumeRestoreReference({ kind: 'VolumeRestore', name: 'x' })).toBe(false);
    expect(isVolumeRestoreReference(undefined)).toBe(false);
  });
});

describe('a claim whose class takes no copies of volumes', () => {
  const localPath: StorageFacts = {
    provisioner: 'rancher.io/local-path',
    isCSIDriver: false,
    hasAvailableVolume: false,
  };
  const warningsOf = (others: Partial<AdmissionFacts>): readonly string[] => {
    const step = decideAdmission(facts({ storageClassName: 'local' }, { storage: localPath, ...others }));
    return 'warnings' in step ? step.warnings : [];
  };
  const fresh = { probe: { kind: 'none' } } as const;
  const told = /hourly copies.*volSync.copyMethod: Snapshot.*rancher.io\/local-path.*class local.*Direct/;

  it('invariant 10: is told that its backups will fail, whatever it begins with', () => {
    const copyMethod = 'Snapshot';
    expect(warningsOf({ copyMethod, ...fresh })).toHaveLength(1);
    expect(warningsOf({ copyMethod, ...fresh })[0]).toMatch(told);
    expect(warningsOf({ copyMethod, probe: { kind: 'exists' } })[0]).toMatch(told);
    expect(warningsOf({ copyMethod, probe: { kind: 'unknown', message: 'Timeout' } })).toHaveLength(2);
  });

  it('is told so in what is shown of a warning', () => {
    expect(warningsOf({ copyMethod: 'Snapshot', ...fresh })[0]?.length).toBeLessThan(240);
  });

  it.each([
    ['reads live volumes', { copyMethod: 'Direct' }],
    ['is not known', {}],
    ['copies volumes of a CSI driver', { copyMethod: 'Snapshot', storage: csi }],
    [
      'copies volumes of a driver that is yet to come',
      { copyMethod: 'Snapshot', storage: { ...localPath, provisioner: 'ebs.csi.aws.com' } },
    ],
    [
      'copies volumes of a class that is yet to come',
      { copyMethod: 'Snapshot', storage: { ...localPath, provisioner: undefined } },
    ],
  ] as const)('is told nothing where its tier %s', (_, others) => {
    expect(warningsOf({ ...fresh, ...others })).toEqual([]);
  });
});
