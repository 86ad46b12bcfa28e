import { describe, expect, it } from 'vitest';
import { type BackupDestination, backupDestination } from '../api/backup-destination.ts';
import { backupPolicy } from '../api/backup-policy.ts';
import type { CallOptions, Destination, ProbeResult } from '../destinations/destination.ts';
import type { ClaimRecord } from '../destinations/ledger.ts';
import { failure, type Outcome, success } from '../destinations/outcome.ts';
import { createStoredDestination } from '../destinations/stored-destination.ts';
import type { ClaimFacts } from '../domain/claim.ts';
import { probeClaim, type ProbeReport, type ProbeSources } from './claim-probe.ts';

const policy = backupPolicy.parse({
  apiVersion: 'rebound.dev/v1alpha1',
  kind: 'BackupPolicy',
  metadata: { name: 'hourly' },
  spec: { schedule: { every: 'Hour' } },
});
const claim: ClaimFacts = {
  namespace: 'shop',
  name: 'db',
  labels: { backup: 'hourly' },
  annotations: {},
  ownerKinds: [],
};
const record: ClaimRecord = {
  version: 1,
  namespace: 'shop',
  claim: 'db',
  claimUid: 'u',
  policy: 'hourly',
  lastGoodBackup: {
    snapshotId: 'ab'.repeat(32),
    time: '2030-01-01T00:00:00Z',
    sizeBytes: 1,
    files: 1,
    directories: 1,
  },
  recordedAt: '2030-01-01T00:00:00Z',
};
const settings = { region: 'r', bucket: 'b', prefix: '', forcePathStyle: true, accessKeyId: 'a', secretAccessKey: 's' };

const IDENTITY = '00000000-0000-4000-8000-000000000001';

const unexpected = async (): Promise<never> => Promise.reject(new Error('no such call is expected'));

interface World {
  readonly probe: ProbeResult;
  readonly ledger?: Outcome<Uint8Array | undefined>;
  readonly probeMilliseconds?: number;
}

function worldOf({ probe, ledger = success(undefined), probeMilliseconds = 0 }: World) {
  const reads: { readonly key: string; readonly timeoutMilliseconds: number }[] = [];
  const calls = { listPage: unexpected, read: unexpected, write: unexpected, create: unexpected, remove: unexpected };
  const store = { ...calls, description: 's3://store', close: async () => undefined };
  const destination: Destination = {
    ...createStoredDestination(store, { expectedIdentity: undefined }),
    probe: async () => {
      await new Promise((resolve) => setTimeout(resolve, probeMilliseconds));
      return probe;
    },
    read: async (key: string, { timeoutMilliseconds }: CallOptions) => {
      reads.push({ key, timeoutMilliseconds });
      return ledger;
    },
  };
  const sources: ProbeSources = {
    policy: () => policy,
    policies: () => [policy],
    destinations: () => [],
    openStore: () => ({ ok: true, destination, settings, expectedIdentity: undefined }),
  };
  return { sources, reads };
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

const now = Date.UTC(2030, 0, 2);

const ask = (sources: ProbeSources, budgetMilliseconds: number, report?: ProbeReport) =>
  probeClaim(sources, claim, { budgetMilliseconds, now: () => now, report });

describe('probeClaim', () => {
  it('knows a backup from the listing alone', async () => {
    const { sources, reads } = worldOf({ probe: { kind: 'exists' } });
    expect(await ask(sources, 2000)).toEqual({ kind: 'exists' });
    expect(reads).toEqual([]);
  });

  it('takes none for none only when the ledger knows of none either', async () => {
    const { sources, reads } = worldOf({ probe: { kind: 'none' } });
    expect(await ask(sources, 2000)).toEqual({ kind: 'none' });
    expect(reads).toMatchObject([{ key: '.rebound/claims/shop/db.json' }]);
  });

  it('gives the ledger the time that is left', async () => {
    const { sources, reads } = worldOf({ probe: { kind: 'none' }, probeMilliseconds: 100 });
    await ask(sources, 1000);
    expect(reads[0]?.timeoutMilliseconds).toBeLessThanOrEqual(905);
    await ask(sources, 50);
    expect(reads[1]?.timeoutMilliseconds).toBe(0);
  });

  it.each([
    ['remembers a backup', success(bytesOf(JSON.stringify(record))), 'remembers snapshot abababab of 2030-01-01'],
    ['cannot be read', failure('Timeout', 'no answer within 10 ms'), 'Timeout: no answer within 10 ms'],
    ['makes no sense', success(bytesOf('{}')), 'InvalidRecord'],
  ])('invariant 2: an empty repository is unknown when the ledger %s', async (_, ledger, expected) => {
    const { sources } = worldOf({ probe: { kind: 'none' }, ledger });
    const fact = await ask(sources, 2000);
    expect(fact).toMatchObject({ kind: 'unknown' });
    expect(JSON.stringify(fact)).toContain(expected);
  });

  it('invariant 2: an unknown answer stays unknown, whatever the ledger says', async () => {
    const { sources, reads } = worldOf({ probe: { kind: 'unknown', reason: 'Throttled', message: 'busy' } });
    expect(await ask(sources, 2000)).toEqual({ kind: 'unknown', message: 'Throttled: busy' });
    expect(reads).toEqual([]);
  });

  it('invariant 2: a tier that Rebound has just made by itself makes "none" unknown, and leaves "exists" as it is', async () => {
    const managedFields = [{ manager: 'rebound' }];
    const metadata = { name: 'hourly', creationTimestamp: new Date(now - 60_000).toISOString(), managedFields };
    const young = backupPolicy.parse({ ...policy, metadata });
    const change = { policy: () => young, policies: () => [young] };
    const none = { ...worldOf({ probe: { kind: 'none' } }).sources, ...change };
    const fact = await ask(none, 2000);
    expect(fact).toMatchObject({ kind: 'unknown' });
    expect(JSON.stringify(fact)).toContain('tier hourly was made by Rebound itself');
    expect(await ask({ ...none, policies: () => [young, policy] }, 2000)).toMatchObject({ kind: 'none' });
    const exists = { ...worldOf({ probe: { kind: 'exists' } }).sources, ...change };
    expect(await ask(exists, 2000)).toEqual({ kind: 'exists' });
  });

  it('says with "none" that the store is new and its identity not pinned', async () => {
    const destination = (spec: object): BackupDestination =>
      backupDestination.parse({
        apiVersion: 'rebound.dev/v1alpha1',
        kind: 'BackupDestination',
        metadata: { name: 'default' },
        spec: { s3: { bucket: 'backups', credentialsSecretName: 'k' }, repositoryPasswordSecretName: 'm', ...spec },
        status: { identity: IDENTITY, initializedTime: new Date(now - 60_000).toISOString() },
      });
    const { sources } = worldOf({ probe: { kind: 'none' } });
    const withDefault = (current: BackupDestination) => ({
      ...sources,
      destinations: () => [{ key: 'default', current }],
    });
    const fact = await ask(withDefault(destination({})), 2000);
    expect(fact).toMatchObject({ kind: 'none' });
    expect(JSON.stringify(fact)).toContain('New store, identity not pinned');
    expect(await ask(withDefault(destination({ identity: IDENTITY })), 2000)).toEqual({ kind: 'none' });
  });

  describe('with another destination', () => {
    const old = backupDestination.parse({
      apiVersion: 'rebound.dev/v1alpha1',
      kind: 'BackupDestination',
      metadata: { name: 'old' },
      spec: {
        s3: { bucket: 'old', credentialsSecretName: 'k' },
        repositoryPasswordSecretName: 'm',
        identity: IDENTITY,
      },
    });

    /** The tier's own destination answers like `here`, the other one like `there`. */
    const both = (here: World, there: World) => {
      const [own, other] = [worldOf(here), worldOf(there)];
      const sources: ProbeSources = {
        ...own.sources,
        destinations: () => [{ key: 'old', current: old }],
        openStore: (name) => (name === 'old' ? other.sources : own.sources).openStore(name),
      };
      return { sources, readsElsewhere: other.reads };
    };
    const recorded = success(bytesOf(JSON.stringify(record)));

    it('invariant 1: backups that are only there are a backup of the claim', async () => {
      const { sources } = both({ probe: { kind: 'none' } }, { probe: { kind: 'exists' }, ledger: recorded });
      expect(await ask(sources, 2000)).toEqual({ kind: 'exists', destination: 'old' });
    });

    it('invariant 2: is unknown, naming both, when those backups are of unknown age', async () => {
      const { sources } = both({ probe: { kind: 'none' } }, { probe: { kind: 'exists' } });
      const fact = await ask(sources, 2000);
      expect(fact).toMatchObject({ kind: 'unknown' });
      expect(JSON.stringify(fact)).toContain('destination default holds no backup of this claim, but old does');
    });

    it('invariant 2: is unknown when the other does not know', async () => {
      const silence: ProbeResult = { kind: 'unknown', reason: 'Timeout', message: 'no answer' };
      const { sources } = both({ probe: { kind: 'none' } }, { probe: silence });
      expect(await ask(sources, 2000)).toMatchObject({ kind: 'unknown' });
    });

    it('is none when neither holds any', async () => {
      const { sources } = both({ probe: { kind: 'none' } }, { probe: { kind: 'none' } });
      expect(await ask(sources, 2000)).toEqual({ kind: 'none' });
    });

    it("does not ask it where the tier's own holds a backup, or does not know", async () => {
      for (const probe of [{ kind: 'exists' }, { kind: 'unknown', reason: 'Timeout', message: 'x' }] as const) {
        const { sources, readsElsewhere } = both({ probe }, { probe: { kind: 'none' } });
        await ask(sources, 2000);
        expect(readsElsewhere).toEqual([]);
      }
    });
  });

  it('reports what came of it, and how long it took', async () => {
    const { sources } = worldOf({ probe: { kind: 'exists' }, probeMilliseconds: 20 });
    const reports: unknown[] = [];
    await ask(sources, 2000, (answer, seconds) => reports.push([answer, seconds >= 0.015]));
    await ask(sources, 0, (answer, seconds) => reports.push([answer, seconds]));
    expect(reports).toEqual([
      ['exists', true],
      ['notAsked', 0],
    ]);
  });
});
