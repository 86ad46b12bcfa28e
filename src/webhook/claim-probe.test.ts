import { describe, expect, it } from 'vitest';
import { backupPolicy } from '../api/backup-policy.ts';
import type { CallOptions, Destination, ProbeResult } from '../destinations/destination.ts';
import type { ClaimRecord } from '../destinations/ledger.ts';
import { failure, type Outcome, success } from '../destinations/outcome.ts';
import { createStoredDestination } from '../destinations/stored-destination.ts';
import type { ClaimFacts } from '../domain/claim.ts';
import { probeClaim, type ProbeSources } from './claim-probe.ts';

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
  const sources: ProbeSources = { policy: () => policy, openStore: () => ({ ok: true, destination, settings }) };
  return { sources, reads };
}

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('probeClaim', () => {
  it('knows a backup from the listing alone', async () => {
    const { sources, reads } = worldOf({ probe: { kind: 'exists' } });
    expect(await probeClaim(sources, claim, 2000)).toEqual({ kind: 'exists' });
    expect(reads).toEqual([]);
  });

  it('takes none for none only when the ledger knows of none either', async () => {
    const { sources, reads } = worldOf({ probe: { kind: 'none' } });
    expect(await probeClaim(sources, claim, 2000)).toEqual({ kind: 'none' });
    expect(reads).toMatchObject([{ key: '.rebound/claims/shop/db.json' }]);
  });

  it('gives the ledger the time that is left', async () => {
    const { sources, reads } = worldOf({ probe: { kind: 'none' }, probeMilliseconds: 100 });
    await probeClaim(sources, claim, 1000);
    expect(reads[0]?.timeoutMilliseconds).toBeLessThanOrEqual(905);
    await probeClaim(sources, claim, 50);
    expect(reads[1]?.timeoutMilliseconds).toBe(0);
  });

  it.each([
    ['remembers a backup', success(bytesOf(JSON.stringify(record))), 'remembers snapshot abababab of 2030-01-01'],
    ['cannot be read', failure('Timeout', 'no answer within 10 ms'), 'Timeout: no answer within 10 ms'],
    ['makes no sense', success(bytesOf('{}')), 'InvalidRecord'],
  ])('invariant 2: an empty repository is unknown when the ledger %s', async (_, ledger, expected) => {
    const { sources } = worldOf({ probe: { kind: 'none' }, ledger });
    const fact = await probeClaim(sources, claim, 2000);
    expect(fact).toMatchObject({ kind: 'unknown' });
    expect(JSON.stringify(fact)).toContain(expected);
  });

  it('invariant 2: an unknown answer stays unknown, whatever the ledger says', async () => {
    const { sources, reads } = worldOf({ probe: { kind: 'unknown', reason: 'Throttled', message: 'busy' } });
    expect(await probeClaim(sources, claim, 2000)).toEqual({ kind: 'unknown', message: 'Throttled: busy' });
    expect(reads).toEqual([]);
  });

  it('reports what came of it, and how long it took', async () => {
    const { sources } = worldOf({ probe: { kind: 'exists' }, probeMilliseconds: 20 });
    const reports: unknown[] = [];
    await probeClaim(sources, claim, 2000, (answer, seconds) => reports.push([answer, seconds >= 0.015]));
    await probeClaim(sources, claim, 0, (answer, seconds) => reports.push([answer, seconds]));
    expect(reports).toEqual([
      ['exists', true],
      ['notAsked', 0],
    ]);
  });
});
