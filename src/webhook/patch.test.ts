import fc from 'fast-check';
import jsonPatch from 'fast-json-patch';
import { describe, expect, it } from 'vitest';
import { decideAdmission, isVolumeRestoreReference } from '../domain/admission.ts';
import { type ClaimReview, parseAdmissionReview } from './admission-review.ts';
import { type AllowedDecision, buildPatch } from './patch.ts';

interface Reference {
  apiGroup?: string | undefined;
  kind: string;
  name: string;
}

interface Claim {
  metadata: { name: string; labels: Record<string, string>; annotations?: Record<string, string> | undefined };
  spec: {
    dataSource?: Reference | undefined;
    dataSourceRef?: Reference | undefined;
    volumeName?: string | undefined;
    selector?: { matchLabels?: Record<string, string> | undefined } | undefined;
  };
}

const marks = { token: 'shop/db@2026-01-01T00:00:00Z', restoreName: 'rebound-0011223344556677' };
const newReference = { apiGroup: 'rebound.dev', kind: 'VolumeRestore', name: marks.restoreName };
const old = { apiGroup: 'rebound.dev', kind: 'VolumeRestore', name: 'rebound-of-a-lost-cluster' };
const ourKeys = ['rebound.dev/decision', 'rebound.dev/decision-reason', 'rebound.dev/decision-token'];

const decision = (kind: 'fresh' | 'restore' | 'hold'): AllowedDecision => {
  const told = { reason: 'R', message: 'why', warnings: [] };
  return kind === 'fresh' ? { kind, ...told } : { kind, ...told, bySelector: false };
};
const recorded: AllowedDecision = { kind: 'ignore', recorded: true, reason: 'R', message: 'why', warnings: [] };
const waitsBySelector: AllowedDecision = {
  kind: 'restore',
  reason: 'R',
  message: 'why',
  warnings: [],
  bySelector: true,
};
const oldSelector = { matchLabels: { 'rebound.dev/waits-for': 'rebound-of-a-lost-cluster' } };
const newSelector = { matchLabels: { 'rebound.dev/waits-for': marks.restoreName } };

const claimWith = (spec: Claim['spec'] = {}, annotations?: Record<string, string>): Claim => ({
  metadata: { name: 'db', labels: { backup: 'hourly' }, ...(annotations === undefined ? {} : { annotations }) },
  spec,
});

function reviewOf(object: Claim): ClaimReview {
  const kind = { group: '', version: 'v1', kind: 'PersistentVolumeClaim' };
  const request = { uid: 'u', kind, operation: 'CREATE', namespace: 'shop', object };
  const review = parseAdmissionReview(
    JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request }),
  );
  if (!review.ok) throw new Error(review.message);
  return review;
}

/** The claim as the API server would have it after the patch. */
function patched(claim: Claim, taken: AllowedDecision): Claim {
  const document = structuredClone(claim);
  const operations = buildPatch(reviewOf(claim), taken, marks).map((operation) => structuredClone(operation));
  return jsonPatch.applyPatch(document, operations, true).newDocument;
}

describe('buildPatch', () => {
  it.each(['fresh', 'restore', 'hold'] as const)(
    'takes what an old cluster wrote when it bound the claim out of one with the decision %s',
    (kind) => {
      const { metadata } = patched(
        claimWith(
          {},
          {
            'pv.kubernetes.io/bind-completed': 'yes',
            'pv.kubernetes.io/bound-by-controller': 'yes',
            'volume.kubernetes.io/selected-node': 'node-that-is-gone',
            'example.com/own': 'stays',
          },
        ),
        decision(kind),
      );
      expect(Object.keys(metadata.annotations ?? {}).sort()).toEqual(['example.com/own', ...ourKeys]);
    },
  );

  it('leaves those of a claim whose volume its maker chose', () => {
    const bound = { 'pv.kubernetes.io/bind-completed': 'yes' };
    expect(patched(claimWith({ volumeName: 'v' }, bound), recorded).metadata.annotations).toMatchObject(bound);
  });

  it.each(['restore', 'hold'] as const)(
    'gives a claim with the decision %s its annotations and a reference',
    (kind) => {
      const { metadata, spec } = patched(claimWith(), decision(kind));
      expect(metadata.annotations).toEqual({
        'rebound.dev/decision': kind,
        'rebound.dev/decision-reason': 'why',
        'rebound.dev/decision-token': 'shop/db@2026-01-01T00:00:00Z',
      });
      expect(spec).toEqual({ dataSourceRef: newReference });
    },
  );

  it('gives a fresh claim annotations only', () => {
    const { metadata, spec } = patched(claimWith({}, { 'example.com/a~b': 'kept' }), decision('fresh'));
    expect(metadata.annotations).toMatchObject({ 'example.com/a~b': 'kept', 'rebound.dev/decision': 'fresh' });
    expect(spec).toEqual({});
  });

  it('leaves a claim alone that is ignored, and records it where that is wanted', () => {
    const volume = claimWith({ volumeName: 'pv-1' });
    expect(patched(volume, { ...recorded, recorded: false })).toEqual(volume);
    expect(patched(volume, recorded)).toMatchObject({
      metadata: { annotations: { 'rebound.dev/decision': 'ignore' } },
      spec: { volumeName: 'pv-1' },
    });
  });

  it.each([{ dataSourceRef: old }, { dataSource: old }, { dataSource: old, dataSourceRef: old }])(
    'replaces or removes an old reference of ours: %j',
    (spec) => {
      expect(patched(claimWith(spec), decision('restore')).spec).toEqual({ dataSourceRef: newReference });
      expect(patched(claimWith(spec), decision('fresh')).spec).toEqual({});
    },
  );

  it('gives a claim that something else could bind a selector that nothing matches, in place of an old one', () => {
    expect(patched(claimWith(), waitsBySelector).spec).toEqual({ dataSourceRef: newReference, selector: newSelector });
    expect(patched(claimWith({ selector: oldSelector }), waitsBySelector).spec.selector).toEqual(newSelector);
    expect(buildPatch({ ...reviewOf(claimWith()), hasSpec: false }, waitsBySelector, marks)).toContainEqual({
      op: 'add',
      path: '/spec',
      value: { dataSourceRef: newReference, selector: newSelector },
    });
  });

  it('takes the reference and the selector of an earlier wait out of an exported manifest, whatever is decided', () => {
    const exported = { dataSource: old, dataSourceRef: old, selector: oldSelector };
    expect(patched(claimWith(exported), decision('fresh')).spec).toEqual({});
    expect(patched(claimWith({ ...exported, volumeName: 'v' }), recorded).spec).toEqual({ volumeName: 'v' });
    expect(patched(claimWith(exported), decision('restore')).spec).toEqual({ dataSourceRef: newReference });
  });

  it("invariant 5: leaves a user's selector", () => {
    const selector = { matchLabels: { app: 'shop' } };
    for (const taken of [recorded, decision('fresh')]) {
      expect(patched(claimWith({ selector }), taken).spec).toEqual({ selector });
    }
  });

  it('overwrites old decision annotations, whatever they say', () => {
    const annotations = Object.fromEntries(ourKeys.map((key) => [key, 'old']));
    const { metadata } = patched(claimWith({}, annotations), decision('fresh'));
    expect(Object.values(metadata.annotations ?? {})).not.toContain('old');
  });

  it('keeps the reason to a length that people read', () => {
    const taken: AllowedDecision = { ...decision('hold'), message: 'x'.repeat(10_000) };
    const { metadata } = patched(claimWith(), taken);
    expect(metadata.annotations?.['rebound.dev/decision-reason']).toHaveLength(512);
  });

  it('makes a spec where there is none, so that the API server can say what is missing', () => {
    const review = { ...reviewOf(claimWith()), hasSpec: false };
    expect(buildPatch(review, decision('hold'), marks)).toContainEqual({
      op: 'add',
      path: '/spec',
      value: { dataSourceRef: newReference },
    });
  });
});

describe('properties of the patch', { timeout: 30_000 }, () => {
  const text = fc.string({ maxLength: 12 });
  const key = fc.oneof(text, fc.constantFrom('a/b', 'a~b', '~1', '/', 'rebound.dev/other', ...ourKeys));
  const reference = fc.oneof(
    fc.constant(old),
    fc.record<Reference>({ apiGroup: fc.constantFrom('x', 'snapshot.storage.k8s.io'), kind: text, name: text }),
    fc.record<Reference>({ kind: fc.constant('PersistentVolumeClaim'), name: text }),
  );
  const maybe = <T>(one: fc.Arbitrary<T>) => fc.option(one, { nil: undefined });
  const claims: fc.Arbitrary<Claim> = fc
    .record({
      annotations: maybe(fc.dictionary(key, text, { maxKeys: 4, noNullPrototype: true })),
      dataSource: maybe(reference),
      dataSourceRef: maybe(reference),
      volumeName: maybe(fc.constantFrom('', 'pv-1')),
      selector: maybe(fc.constantFrom(oldSelector, { matchLabels: { app: 'shop' } }, {})),
    })
    .map(({ annotations, ...spec }) => claimWith(spec, annotations));
  const probes = fc.constantFrom<'exists' | 'none' | 'unknown'>('exists', 'none', 'unknown');

  const decide = (claim: Claim, kind: 'exists' | 'none' | 'unknown') => {
    const probe = kind === 'unknown' ? ({ kind, message: 'why' } as const) : ({ kind } as const);
    const storage = { isCSIDriver: false, hasAvailableVolume: false };
    const facts = { claim: reviewOf(claim).claim, excludedNamespace: false, tiers: ['hourly'], probe, storage };
    return decideAdmission(facts);
  };

  const withoutOurs = ({ metadata, spec }: Claim) => ({
    labels: metadata.labels,
    annotations: Object.entries(metadata.annotations ?? {}).filter(([name]) => !ourKeys.includes(name)),
    volumeName: spec.volumeName,
    dataSource: isVolumeRestoreReference(spec.dataSource) ? undefined : spec.dataSource,
    dataSourceRef: isVolumeRestoreReference(spec.dataSourceRef) ? undefined : spec.dataSourceRef,
    // An empty one chooses nothing.
    selector: spec.selector?.matchLabels?.['app'],
  });

  it('invariant 5: nothing that the user set is overwritten or removed', () => {
    fc.assert(
      fc.property(claims, probes, (claim, probe) => {
        const taken = decide(claim, probe);
        if (taken.kind === 'reject' || taken.kind === 'probe') return;
        expect(withoutOurs(patched(claim, taken))).toEqual(withoutOurs(claim));
      }),
      { numRuns: 500 },
    );
  });

  it('invariant 1: a claim that may have a backup leaves with a reference, one without leaves without ours', () => {
    fc.assert(
      fc.property(claims, probes, (claim, probe) => {
        const taken = decide(claim, probe);
        if (taken.kind === 'restore' || taken.kind === 'hold') {
          expect(patched(claim, taken).spec).toMatchObject({ dataSourceRef: newReference, selector: newSelector });
        }
        if (taken.kind !== 'fresh') return;
        expect(patched(claim, taken).spec.dataSourceRef).toBeUndefined();
        expect(patched(claim, taken).spec.selector).not.toEqual(oldSelector);
      }),
      { numRuns: 500 },
    );
  });

  it('changes nothing more when it is applied to its own result', () => {
    fc.assert(
      fc.property(claims, probes, (claim, probe) => {
        const taken = decide(claim, probe);
        if (taken.kind === 'reject' || taken.kind === 'probe') return;
        const once = patched(claim, taken);
        const again = decide(once, probe);
        if (again.kind === 'reject' || again.kind === 'probe') throw new Error(`decided ${again.kind} the second time`);
        expect(patched(once, again)).toEqual(once);
      }),
      { numRuns: 500 },
    );
  });
});
