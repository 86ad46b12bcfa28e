import { describe, expect, it } from 'vitest';
import { parseAdmissionReview } from './admission-review.ts';

const claim = {
  metadata: { name: 'db', namespace: 'elsewhere', labels: { backup: 'hourly' }, creationTimestamp: null },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  status: {},
};

const request = {
  uid: 'u-1',
  kind: { group: '', version: 'v1', kind: 'PersistentVolumeClaim' },
  resource: { group: '', version: 'v1', resource: 'persistentvolumeclaims' },
  operation: 'CREATE',
  namespace: 'shop',
  userInfo: { username: 'somebody' },
  object: claim,
};

const bodyOf = (changes: object = {}): string =>
  JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request: { ...request, ...changes } });

describe('parseAdmissionReview', () => {
  it('reads the creation of a claim', () => {
    const claim = { namespace: 'shop', name: 'db', labels: { backup: 'hourly' }, annotations: {}, ownerKinds: [] };
    expect(parseAdmissionReview(bodyOf())).toMatchObject({
      ok: true,
      uid: 'u-1',
      hasAnnotations: false,
      hasSpec: true,
      claim,
    });
  });

  it('reads what tells how the claim can wait: selector, class, modes and who wrote it', () => {
    const spec = {
      selector: { matchLabels: { app: 'shop' }, matchExpressions: [{ key: 'x', operator: 'Exists' }] },
      storageClassName: 'fast',
      volumeMode: 'Block',
      accessModes: ['ReadWriteOnce'],
    };
    const metadata = { name: 'db', managedFields: [{ manager: 'HashiCorp', operation: 'Update' }] };
    expect(parseAdmissionReview(bodyOf({ object: { metadata, spec } }))).toMatchObject({
      claim: {
        selector: { matchLabels: { app: 'shop' }, expressions: 1 },
        storageClassName: 'fast',
        volumeMode: 'Block',
        accessModes: ['ReadWriteOnce'],
        managers: ['HashiCorp'],
      },
    });
  });

  it('takes the class of the old annotation for the class, as Kubernetes does', () => {
    const annotations = { 'volume.beta.kubernetes.io/storage-class': 'old' };
    const object = { metadata: { name: 'db', annotations }, spec: { storageClassName: 'new' } };
    expect(parseAdmissionReview(bodyOf({ object }))).toHaveProperty('claim.storageClassName', 'old');
  });

  it("takes the namespace of the request, never the object's", () => {
    expect(parseAdmissionReview(bodyOf())).toHaveProperty('claim.namespace', 'shop');
  });

  it('reads owners, references, volume and generated name', () => {
    const dataSourceRef = { apiGroup: 'a', kind: 'K', name: 'n', namespace: 'x' };
    const object = {
      metadata: { generateName: 'db-', annotations: {}, ownerReferences: [{ kind: 'Pod', name: 'p', uid: 'u' }] },
      spec: { dataSource: { kind: 'PersistentVolumeClaim', name: 'old' }, dataSourceRef, volumeName: 'pv' },
    };
    expect(parseAdmissionReview(bodyOf({ object }))).toMatchObject({
      hasAnnotations: true,
      claim: {
        name: '',
        generateName: 'db-',
        ownerKinds: ['Pod'],
        dataSource: { kind: 'PersistentVolumeClaim', name: 'old' },
        dataSourceRef,
        volumeName: 'pv',
      },
    });
  });

  it('takes null for absent', () => {
    const object = { metadata: { name: 'db', labels: null, annotations: null, ownerReferences: null }, spec: null };
    expect(parseAdmissionReview(bodyOf({ object }))).toMatchObject({ ok: true, hasAnnotations: false, hasSpec: false });
  });

  it.each([
    ['', 'not-json', 400],
    ['{"kind":', 'not-json', 400],
    ['null', 'not-a-review', 400],
    ['[]', 'not-a-review', 400],
    ['{}', 'not-a-review', 400],
    [bodyOf().replace('admission.k8s.io/v1', 'admission.k8s.io/v1beta1'), 'not-a-review', 400],
    [bodyOf({ uid: '' }), 'not-a-review', 400],
    [bodyOf({ uid: 'u'.repeat(1000) }), 'not-a-review', 400],
    [bodyOf({ kind: { group: '', version: 'v1', kind: 'Pod' } }), 'foreign-kind', 422],
    [bodyOf({ kind: { group: 'x', version: 'v1', kind: 'PersistentVolumeClaim' } }), 'foreign-kind', 422],
    [bodyOf({ subResource: 'status' }), 'foreign-kind', 422],
    [bodyOf({ operation: 'UPDATE' }), 'foreign-operation', 422],
    [bodyOf({ object: null }), 'malformed-claim', 400],
    [bodyOf({ object: { metadata: { labels: { backup: 1 } } } }), 'malformed-claim', 400],
    [bodyOf({ object: { metadata: {}, spec: { dataSource: 'x' } } }), 'malformed-claim', 400],
  ])('refuses %s', (body, reason, statusCode) => {
    expect(parseAdmissionReview(body)).toMatchObject({ ok: false, reason, statusCode });
  });

  it('does not repeat long values in its message', () => {
    const kind = { group: 'g'.repeat(100_000), version: 'v1', kind: 'K' };
    const parsed = parseAdmissionReview(bodyOf({ kind }));
    expect(parsed.ok ? '' : parsed.message.length).toBeLessThan(400);
  });
});
