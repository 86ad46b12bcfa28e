import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type AdmissionFacts, type AdmissionStep, decideAdmission, isVolumeRestoreReference } from './admission.ts';
import type { ClaimFacts, DataSourceReference, SelectorFacts } from './claim.ts';
import type { StorageFacts } from './waiting-claim.ts';

const tiers = ['daily', 'hourly'];
const text = fc.string({ maxLength: 20 });
const reference: fc.Arbitrary<DataSourceReference> = fc.oneof(
  fc.record({ apiGroup: fc.constant('rebound.dev'), kind: fc.constant('VolumeRestore'), name: text }),
  fc.record({ kind: fc.constant('PersistentVolumeClaim'), name: text }),
  fc.record({ apiGroup: fc.constant('snapshot.storage.k8s.io'), kind: fc.constant('VolumeSnapshot'), name: text }),
  fc.record(
    { apiGroup: fc.constantFrom('', 'rebound.dev', 'example.com'), kind: text, name: text, namespace: text },
    { requiredKeys: ['kind', 'name'] },
  ),
);

const restoreAnnotation = fc.constantFrom('none', 'latest', '2026-08-01T10:00:00Z', '0123abcd', 'yesterday', '');
const strings = fc.dictionary(text, text, { maxKeys: 3 });
const annotations = fc
  .tuple(strings, fc.option(restoreAnnotation, { nil: undefined }), fc.option(text, { nil: undefined }))
  .map(([others, restore, decision]) => ({
    ...others,
    ...(restore === undefined ? {} : { 'rebound.dev/restore': restore }),
    ...(decision === undefined ? {} : { 'rebound.dev/decision': decision, 'rebound.dev/decision-token': decision }),
  }));

const selector: fc.Arbitrary<SelectorFacts> = fc.record({
  matchLabels: fc.constantFrom<Record<string, string>>(
    {},
    { app: 'shop' },
    { 'rebound.dev/waits-for': 'rebound-0' },
    { 'rebound.dev/waits-for': 'rebound-0', app: 'shop' },
    { 'velero.io/dynamic-pv-restore': 'x' },
  ),
  expressions: fc.constantFrom(0, 0, 1),
});

const storages: fc.Arbitrary<StorageFacts> = fc.record(
  {
    provisioner: fc.constantFrom('disk.example.com', 'kubernetes.io/no-provisioner', 'rancher.io/local-path', 'x/y'),
    isCSIDriver: fc.boolean(),
    hasAvailableVolume: fc.boolean(),
    reservedVolume: fc.constantFrom(undefined, undefined, 'pv-7'),
  },
  { requiredKeys: ['isCSIDriver', 'hasAvailableVolume'] },
);

const claimWith = (labels: fc.Arbitrary<Record<string, string>>): fc.Arbitrary<ClaimFacts> =>
  fc.record(
    {
      namespace: text,
      name: fc.oneof(fc.constant(''), text),
      generateName: text,
      labels,
      annotations,
      ownerKinds: fc.array(fc.constantFrom('Pod', 'StatefulSet', 'ReplicaSet'), { maxLength: 2 }),
      dataSource: reference,
      dataSourceRef: reference,
      volumeName: fc.constantFrom('', 'pv-1'),
      selector: fc.option(selector, { nil: undefined, freq: 4 }),
      volumeMode: fc.constantFrom('Filesystem', 'Filesystem', 'Filesystem', 'Filesystem', 'Block'),
      accessModes: fc.constantFrom(
        ['ReadWriteOnce'],
        ['ReadWriteMany'],
        ['ReadOnlyMany', 'ReadWriteOnce'],
        ['ReadOnlyMany'],
      ),
      storageClassName: fc.constantFrom('', 'fast'),
      managers: fc.constantFrom(['kubectl'], ['HashiCorp']),
    },
    { requiredKeys: ['namespace', 'name', 'labels', 'annotations', 'ownerKinds'] },
  );

/** Most claims are of nobody but their user. */
const helperLabel = fc.constantFrom<Record<string, string>>(
  {},
  {},
  {},
  {},
  { 'app.kubernetes.io/created-by': 'volsync' },
  { 'rebound.dev/role': 'prime' },
  { 'cnpg.io/cluster': 'db' },
  { 'velero.io/restore-name': 'r' },
);
const tierLabel = fc.constantFrom('hourly', 'daily', 'weekly', '');
const labelled = claimWith(
  fc.tuple(strings, helperLabel, tierLabel).map(([others, helper, backup]) => ({ ...others, ...helper, backup })),
);
const unlabelled = claimWith(
  fc.tuple(strings, helperLabel).map(([others, helper]) => {
    const labels: Record<string, string> = { ...others, ...helper };
    delete labels['backup'];
    return labels;
  }),
);

const unknown = text.map((message) => ({ kind: 'unknown' as const, message }));
const mayExist = fc.oneof(fc.constant({ kind: 'exists' as const }), unknown);
const anyProbe = fc.oneof(mayExist, fc.constant({ kind: 'none' as const }), fc.constant(undefined));

const csi: StorageFacts = { provisioner: 'disk.example.com', isCSIDriver: true, hasAvailableVolume: false };
const decide = (
  claim: ClaimFacts,
  probe: AdmissionFacts['probe'],
  { excludedNamespace = false, storage = csi }: Partial<Pick<AdmissionFacts, 'excludedNamespace' | 'storage'>> = {},
): AdmissionStep => decideAdmission({ claim, probe, excludedNamespace, tiers, storage });

/** Nothing but the user's own words, a certain answer, or a claim that never has backups, may let a claim bind blank. */
const mayBindBlank = (step: AdmissionStep): boolean => step.kind === 'fresh' || step.kind === 'ignore';

const isUsers = (one: DataSourceReference | undefined): boolean => one !== undefined && !isVolumeRestoreReference(one);
const isKept = (one: DataSourceReference): boolean =>
  one.kind === (one.apiGroup === 'snapshot.storage.k8s.io' ? 'VolumeSnapshot' : 'PersistentVolumeClaim') &&
  ['', undefined, 'snapshot.storage.k8s.io'].includes(one.apiGroup);

/** Whether the API server fills the volume from something that the user named. */
const isFilledByUser = ({ dataSource, dataSourceRef, volumeName = '' }: ClaimFacts): boolean =>
  volumeName !== '' ||
  isUsers(dataSourceRef) ||
  (dataSource !== undefined && isUsers(dataSource) && isKept(dataSource));

const hasNoBackups = ({ ownerKinds, labels, volumeMode, accessModes }: ClaimFacts): boolean =>
  ownerKinds.includes('Pod') ||
  labels['app.kubernetes.io/created-by'] === 'volsync' ||
  labels['rebound.dev/role'] === 'prime' ||
  volumeMode === 'Block' ||
  accessModes?.join() === 'ReadOnlyMany';

/** Whether somebody else fills the claim, as its maker was told. */
const isFilledByOthers = ({ selector: chosen, labels, annotations: set }: ClaimFacts): boolean => {
  const keys = Object.keys(chosen?.matchLabels ?? {});
  const isOurs = keys.join() === 'rebound.dev/waits-for' && chosen?.expressions === 0;
  if (!isOurs && (keys.length > 0 || (chosen?.expressions ?? 0) > 0)) return true;
  const isLabelled = labels['cnpg.io/cluster'] !== undefined || labels['velero.io/restore-name'] !== undefined;
  return isLabelled && set['rebound.dev/restore'] === undefined;
};

const isBlankOnPurpose = ({ annotations: set, name }: ClaimFacts): boolean =>
  set['rebound.dev/restore'] === 'none' || name === '';

/** What a claim of ours looks like mostly: made by a user, to be filled by us, if at all. */
const plain: fc.Arbitrary<ClaimFacts> = labelled.map((claim) => ({
  ...claim,
  ownerKinds: [],
  volumeName: '',
  volumeMode: 'Filesystem',
  accessModes: ['ReadWriteOnce'],
  dataSource: isUsers(claim.dataSource) ? undefined : claim.dataSource,
  dataSourceRef: isUsers(claim.dataSourceRef) ? undefined : claim.dataSourceRef,
}));

describe('properties of the admission decision', { timeout: 30_000 }, () => {
  it('invariant 1: a labelled claim never binds blank while a backup of it exists or may exist', () => {
    fc.assert(
      fc.property(plain, mayExist, (claim, probe) => {
        fc.pre(!isFilledByUser(claim) && !isFilledByOthers(claim));
        fc.pre(!hasNoBackups(claim) && !isBlankOnPurpose(claim));
        expect(mayBindBlank(decide(claim, probe))).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('invariant 1: an existing backup is restored, or the claim is refused, or the user filled it', () => {
    fc.assert(
      fc.property(labelled, (claim) => {
        fc.pre(!hasNoBackups(claim) && !isBlankOnPurpose(claim));
        const step = decide(claim, { kind: 'exists' });
        if (step.kind === 'ignore') expect(isFilledByUser(claim) || isFilledByOthers(claim)).toBe(true);
        else expect(['restore', 'reject']).toContain(step.kind);
      }),
      { numRuns: 500 },
    );
  });

  it('invariant 2: unknown is never none, whatever else is true of the claim', () => {
    fc.assert(
      fc.property(labelled, unknown, (claim, probe) => {
        const certain = decide(claim, { kind: 'none' });
        const uncertain = decide(claim, probe);
        if (certain.kind === 'fresh' && certain.reason === 'NoBackup') expect(uncertain.kind).toBe('hold');
        if (uncertain.kind === 'fresh') expect(isBlankOnPurpose(claim)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('invariant 2: a decision that needs the answer is never made without it', () => {
    fc.assert(
      fc.property(labelled, (claim) => {
        const asked = decide(claim, undefined);
        const answers = [decide(claim, { kind: 'exists' }), decide(claim, { kind: 'none' })];
        if (asked.kind !== 'probe') for (const answer of answers) expect(answer).toEqual(asked);
      }),
      { numRuns: 500 },
    );
  });

  it("invariant 5: a data source or a volume of the user's is left alone or refused, never replaced", () => {
    fc.assert(
      fc.property(labelled, anyProbe, (claim, probe) => {
        fc.pre(isUsers(claim.dataSource) || isUsers(claim.dataSourceRef) || (claim.volumeName ?? '') !== '');
        expect(['ignore', 'reject']).toContain(decide(claim, probe).kind);
      }),
      { numRuns: 500 },
    );
  });

  it('invariant 1: a claim that waits has a selector wherever something else than a CSI provisioner could bind it', () => {
    fc.assert(
      fc.property(plain, mayExist, storages, (claim, probe, storage) => {
        const step = decide(claim, probe, { storage });
        if (step.kind !== 'restore' && step.kind !== 'hold') return;
        const isSafe = storage.isCSIDriver && !storage.hasAvailableVolume;
        expect(step.bySelector || isSafe || step.warnings.some((one) => one.includes('Terraform'))).toBe(true);
        expect(storage.reservedVolume).toBeUndefined();
        expect(step.bySelector && storage.provisioner === 'x/y' && !storage.isCSIDriver).toBe(false);
      }),
      { numRuns: 500 },
    );
  });

  it('invariant 10: whatever is left alone despite its label, or waits without an answer, says so', () => {
    fc.assert(
      fc.property(labelled, anyProbe, storages, (claim, probe, storage) => {
        const step = decide(claim, probe, { storage });
        if (step.kind === 'ignore' && step.recorded) expect(step.warnings).toEqual([step.message]);
        if (step.kind === 'hold') expect(step.warnings).toContain(step.message);
      }),
      { numRuns: 500 },
    );
  });

  it('invariant 6: an unlabelled claim is never touched', () => {
    fc.assert(
      fc.property(unlabelled, anyProbe, fc.boolean(), (claim, probe, excluded) => {
        expect(decide(claim, probe, { excludedNamespace: excluded })).toMatchObject({
          kind: 'ignore',
          recorded: false,
        });
      }),
    );
  });

  it('invariant 6: neither is one in a system namespace', () => {
    fc.assert(
      fc.property(labelled, anyProbe, (claim, probe) => {
        expect(decide(claim, probe, { excludedNamespace: true })).toMatchObject({ kind: 'ignore', recorded: false });
      }),
    );
  });
});
