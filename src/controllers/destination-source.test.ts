import { describe, expect, it } from 'vitest';
import type { BackupDestination } from '../api/backup-destination.ts';
import { backupDestinations } from '../api/resource-kinds.ts';
import type { Change } from '../kube/cache/store.ts';
import { isOnlyCounted } from './destination-source.ts';

const destination = (status: object, resourceVersion = '1'): BackupDestination =>
  backupDestinations.parse({
    apiVersion: 'rebound.dev/v1alpha1',
    kind: 'BackupDestination',
    metadata: { name: 'default', uid: 'u', resourceVersion },
    spec: { repositoryPasswordSecretName: 'master' },
    status,
  });

const change = (before: object, after: object): Change<BackupDestination> => ({
  key: 'default',
  previous: destination(before),
  current: destination(after, '2'),
});

describe('news of a destination', () => {
  it('are none where only its movers were counted', () => {
    const [one, two] = [1, 2].map((running) => ({ reachable: true, movers: { running, waiting: 0 } }));
    expect(isOnlyCounted(change(one ?? {}, two ?? {}))).toBe(true);
    expect(isOnlyCounted(change({ reachable: true }, one ?? {}))).toBe(true);
  });

  it('are whatever else is written of it, its coming and its end', () => {
    const one = { reachable: true, movers: { running: 1, waiting: 0 } };
    expect(isOnlyCounted(change(one, { ...one, reachable: false }))).toBe(false);
    expect(isOnlyCounted({ key: 'default', previous: undefined, current: destination(one) })).toBe(false);
    expect(isOnlyCounted({ key: 'default', previous: destination(one), current: undefined })).toBe(false);
  });
});
