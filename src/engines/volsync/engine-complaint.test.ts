import { describe, expect, it } from 'vitest';
import { engineComplaint } from './engine-complaint.ts';

const synchronizing = (reason: string, message: string) => [{ type: 'Synchronizing', reason, message }];

describe('engineComplaint', () => {
  it('repeats an error', () => {
    expect(engineComplaint(synchronizing('Error', 'secrets "rebound-data" not found'))).toBe(
      'secrets "rebound-data" not found',
    );
  });

  it('says nothing while all is well or nothing is known', () => {
    expect(engineComplaint(synchronizing('SyncInProgress', 'Synchronization in-progress'))).toBeUndefined();
    expect(engineComplaint([])).toBeUndefined();
    expect(engineComplaint(undefined)).toBeUndefined();
  });

  it('says nothing of a snapshot that the engine has made and does not see yet', () => {
    const message = 'volumesnapshots.snapshot.storage.k8s.io "volsync-rebound-pages-src" not found';
    expect(engineComplaint(synchronizing('Error', message))).toBeUndefined();
  });

  it('says nothing of a conflict between two writers, which passes by itself', () => {
    const message =
      'Operation cannot be fulfilled on jobs.batch "volsync-dst-x": the object has been modified; please apply your changes to the latest version and try again';
    expect(engineComplaint(synchronizing('Error', message))).toBeUndefined();
  });
});
