import { beforeEach, describe, expect, it } from 'vitest';
import { backupPolicy } from '../api/backup-policy.ts';
import type { OpenedStore, Unopened } from '../destinations/catalog.ts';
import type { Destination, ProbeResult } from '../destinations/destination.ts';
import { createStoredDestination } from '../destinations/stored-destination.ts';
import { UnreadableObjectError } from '../kube/model/unreadable-object.ts';
import { type AdmissionOptions, type AdmissionSources, createAdmission } from './admission.ts';
import { type ClaimReview, parseAdmissionReview } from './admission-review.ts';
import type { AdmissionAnswer } from './answer.ts';

const hourly = backupPolicy.parse({
  apiVersion: 'rebound.dev/v1alpha1',
  kind: 'BackupPolicy',
  metadata: { name: 'hourly' },
  spec: { schedule: { every: 'Hour' }, destination: 'store' },
});

function reviewOf(metadata: object = {}, spec: object = {}, namespace = 'shop'): ClaimReview {
  const object = { metadata: { name: 'db', labels: { backup: 'hourly' }, ...metadata }, spec };
  const kind = { group: '', version: 'v1', kind: 'PersistentVolumeClaim' };
  const request = { uid: 'u', kind, operation: 'CREATE', namespace, object };
  const body = { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
  const review = parseAdmissionReview(JSON.stringify(body));
  if (!review.ok) throw new Error(review.message);
  return review;
}

const unreachable = async (): Promise<never> => Promise.reject(new Error('no such call is expected'));

/** A destination that answers probes with this, and has an empty ledger. */
function destinationWith(probe: () => Promise<ProbeResult>): Destination {
  const store = { description: 's3://store', listPage: unreachable, read: unreachable, write: unreachable };
  const base = createStoredDestination(
    { ...store, create: unreachable, remove: unreachable, close: async () => undefined },
    { expectedIdentity: undefined },
  );
  return { ...base, probe, read: async () => ({ ok: true, value: undefined }) };
}

const settings = {
  region: 'r',
  bucket: 'backups',
  prefix: '',
  forcePathStyle: true,
  accessKeyId: 'a',
  secretAccessKey: 's',
};

describe('admission', () => {
  let asked: { path: string; timeoutMilliseconds: number }[];
  let answer: ProbeResult;
  let opened: () => OpenedStore | Unopened;
  let sources: AdmissionSources;
  let events: string[];

  beforeEach(() => {
    asked = [];
    events = [];
    answer = { kind: 'none' };
    const destination = destinationWith(async () => answer);
    const probe: Destination['probe'] = (path, { timeoutMilliseconds }) => {
      asked.push({ path, timeoutMilliseconds });
      return destination.probe(path, { timeoutMilliseconds });
    };
    opened = () => ({ ok: true, destination: { ...destination, probe }, settings, expectedIdentity: undefined });
    sources = {
      tiers: () => ['daily', 'hourly'],
      storage: () => ({ provisioner: 'disk.example.com', isCSIDriver: true, hasAvailableVolume: false }),
      policy: (tier) => (tier === 'hourly' ? hourly : undefined),
      policies: () => [hourly],
      destinations: () => [],
      openStore: () => opened(),
      problem: () => undefined,
    };
  });

  const decide = (
    review: ClaimReview,
    changes: Partial<AdmissionSources> = {},
    budget = 2000,
  ): Promise<AdmissionAnswer> => {
    const options: AdmissionOptions = {
      sources: { ...sources, ...changes },
      newRestoreName: () => 'rebound-0123456789abcdef',
      now: () => Date.UTC(2030, 0, 1),
      onDecision: ({ kind, reason }) => events.push(`${kind} ${reason}`),
      onProbe: (kind) => events.push(`probe ${kind}`),
    };
    return createAdmission(options)(review, budget);
  };

  const annotationsOf = (given: AdmissionAnswer): object => {
    if (given.kind !== 'allowed') throw new Error(given.message);
    const [first] = given.operations;
    return first !== undefined && 'value' in first && typeof first.value === 'object' ? (first.value ?? {}) : {};
  };

  it("asks for the claim's own repository, with the time it is given", async () => {
    await decide(reviewOf(), {}, 1234);
    expect(asked).toEqual([{ path: 'shop/db', timeoutMilliseconds: 1234 }]);
    expect(events).toEqual(['probe none', 'fresh NoBackup']);
  });

  it("warns where the claim's tier copies volumes and its class has none to copy", async () => {
    const storage = () => ({ provisioner: 'rancher.io/local-path', isCSIDriver: false, hasAvailableVolume: false });
    expect(await decide(reviewOf(), { storage })).toHaveProperty(
      'warnings.0',
      expect.stringContaining('is no CSI driver'),
    );
    expect(await decide(reviewOf())).toHaveProperty('warnings', []);
  });

  it('ties the decision to the claim and the moment', async () => {
    expect(annotationsOf(await decide(reviewOf()))).toMatchObject({
      'rebound.dev/decision': 'fresh',
      'rebound.dev/decision-token': 'shop/db@2030-01-01T00:00:00Z',
    });
  });

  it('gives the audit log the decision and the reason', async () => {
    answer = { kind: 'exists' };
    expect(await decide(reviewOf())).toMatchObject({
      kind: 'allowed',
      warnings: [],
      auditAnnotations: { decision: 'restore', reason: 'BackupExists' },
    });
  });

  it('invariant 2: holds when the destination cannot say, and tells the user in 256 characters', async () => {
    answer = { kind: 'unknown', reason: 'Timeout', message: `no answer within 2000 ms from ${'x'.repeat(300)}` };
    const held = await decide(reviewOf());
    expect(annotationsOf(held)).toMatchObject({ 'rebound.dev/decision': 'hold' });
    expect(held).toHaveProperty('warnings.0', expect.stringMatching(/^Rebound: .* waits: Timeout: .*\.\.\.$/));
    expect(held).toHaveProperty('warnings.0.length', 256);
  });

  it.each([
    ['there is no time', () => ({}), 0, 'no time left'],
    ['the policy went meanwhile', () => ({ policy: () => undefined }), 2000, 'has just been removed'],
    [
      'the policy cannot be read',
      () => ({
        policy: () => {
          throw new UnreadableObjectError('hourly exists but cannot be read: spec is missing');
        },
      }),
      2000,
      'cannot be read',
    ],
    [
      'the destination cannot be opened',
      () => ({
        openStore: (): Unopened => ({ ok: false, reason: 'SecretMissing', message: 'Secret x does not exist.' }),
      }),
      2000,
      'Secret x does not exist',
    ],
  ])('invariant 2: holds without asking when %s', async (_, changes, budget, expected) => {
    const held = await decide(reviewOf(), changes(), budget);
    expect(annotationsOf(held)).toMatchObject({ 'rebound.dev/decision': 'hold' });
    expect(JSON.stringify(held)).toContain(expected);
    expect(asked).toEqual([]);
    expect(events).toEqual(['probe notAsked', 'hold DestinationUnknown']);
  });

  it('holds a claim whose name can have no repository; the API server refuses it next', async () => {
    for (const name of ['Not_A_Name', '../other', 'a/b', '.rebound']) {
      expect(annotationsOf(await decide(reviewOf({ name })))).toMatchObject({ 'rebound.dev/decision': 'hold' });
    }
    expect(asked).toEqual([]);
  });

  it('rejects with the words of the decision, as a user error', async () => {
    const rejected = await decide(reviewOf({ labels: { backup: 'weekly' } }));
    expect(rejected).toMatchObject({ kind: 'denied', code: 403, auditAnnotations: { decision: 'reject' } });
    expect(rejected).not.toHaveProperty('retryAfterSeconds');
  });

  it('asks to try again while it cannot decide', async () => {
    const denied = await decide(reviewOf(), { problem: () => 'not read yet: secrets' });
    expect(denied).toMatchObject({ kind: 'denied', code: 503, retryAfterSeconds: 2 });
    expect(denied).toHaveProperty('message', expect.stringContaining('not read yet: secrets'));
    expect(asked).toEqual([]);
  });

  it('lets claims pass that need no decision even then', async () => {
    const changes = { problem: () => 'not read yet' };
    const owned = reviewOf({ ownerReferences: [{ kind: 'Pod' }] });
    expect(await decide(owned, changes)).toMatchObject({ kind: 'allowed', operations: [] });
    expect(await decide(reviewOf({}, {}, 'kube-system'), changes)).toMatchObject({ kind: 'allowed', operations: [] });
    expect(await decide(reviewOf({}, { volumeName: 'pv' }), changes)).toMatchObject({ kind: 'denied', code: 503 });
  });

  it('does not look at any store for a claim of a system namespace', async () => {
    expect(await decide(reviewOf({}, {}, 'volsync-system'))).toMatchObject({ kind: 'allowed', operations: [] });
    expect(asked).toEqual([]);
  });
});
