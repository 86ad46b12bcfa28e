import { describe, expect, it } from 'vitest';
import { backupPolicy } from '../api/backup-policy.ts';
import { isMadeByController, youngTierDoubt } from './young-tier.ts';

const madeAt = Date.UTC(2030, 0, 1);
const MINUTE = 60_000;

type Writer = { readonly manager: string; readonly operation: string; readonly subresource?: string };

const byRebound: Writer = { manager: 'rebound', operation: 'Update' };
const itsStatus: Writer = { manager: 'rebound', operation: 'Apply', subresource: 'status' };
const byFlux: Writer = { manager: 'kustomize-controller', operation: 'Apply' };

const tierOf = (name: string, managedFields?: readonly Writer[]) =>
  backupPolicy.parse({
    apiVersion: 'rebound.dev/v1alpha1',
    kind: 'BackupPolicy',
    metadata: { name, creationTimestamp: new Date(madeAt).toISOString(), managedFields },
    spec: { schedule: { every: 'Hour' } },
  });

describe('isMadeByController', () => {
  it.each([
    ['that Rebound created', [byRebound], true],
    ['of which Rebound wrote the status too', [byRebound, itsStatus], true],
    ['that somebody applied over it', [byRebound, byFlux], false],
    ['that somebody created', [byFlux, itsStatus], false],
    ['of which only the status has a writer', [itsStatus], false],
    ['whose managed fields were cleared', undefined, false],
  ])('knows a policy %s', (_, writers, expected) => {
    expect(isMadeByController(tierOf('hourly', writers))).toBe(expected);
  });
});

describe('youngTierDoubt', () => {
  const hourly = tierOf('hourly', [byRebound, itsStatus]);
  const daily = tierOf('daily', [byRebound]);

  it('invariant 1: "no backup" does not count through a tier that Rebound made less than ten minutes ago', () => {
    const doubt = youngTierDoubt(hourly, [hourly, daily], madeAt + 10 * MINUTE - 1);
    expect(doubt).toContain('tier hourly was made by Rebound itself');
    expect(doubt).toContain('It counts from 2030-01-01T00:10:00.000Z on');
    expect(doubt).toContain('manifests/tiers');
  });

  it('counts once the tier is ten minutes old', () => {
    expect(youngTierDoubt(hourly, [hourly, daily], madeAt + 10 * MINUTE)).toBeUndefined();
  });

  it('counts as soon as any policy has another maker', () => {
    const own = tierOf('weekly', [byFlux]);
    expect(youngTierDoubt(hourly, [hourly, daily, own], madeAt)).toBeUndefined();
    const applied = tierOf('hourly', [byRebound, byFlux]);
    expect(youngTierDoubt(applied, [applied, daily], madeAt)).toBeUndefined();
    expect(youngTierDoubt(hourly, [hourly, tierOf('daily', [byRebound, byFlux])], madeAt)).toBeUndefined();
  });
});
