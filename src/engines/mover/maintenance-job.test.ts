import { describe, expect, it } from 'vitest';
import { basisOfJob, buildMaintenanceJob, type MaintenanceJobPlan } from './maintenance-job.ts';
import { snapshotsToRemove } from './maintenance-run.ts';
import { maintenancePlan } from '#doubles/mover/mover-plans.ts';
import { jobs } from '../../kube/model/built-in-kinds.ts';

const build = (more: Partial<MaintenanceJobPlan> = {}) => buildMaintenanceJob({ ...maintenancePlan, ...more });
const podOf = (more: Partial<MaintenanceJobPlan> = {}) => build(more).spec.template.spec;

describe('buildMaintenanceJob', () => {
  it('invariant 4: removes the snapshots that it is told to, by their ids and by no rule, then what only they needed', () => {
    const { initContainers, containers } = podOf();
    expect([...initContainers, ...containers].map(({ command, args }) => [...command, ...args])).toEqual([
      ['restic', 'forget', 'a'.repeat(64), 'b'.repeat(64)],
      ['restic', 'prune', '--max-unused', '10%'],
    ]);
  });

  it('only frees space where no snapshot is to go: a forget without ids is none', () => {
    expect(podOf({ snapshotIds: [] }).initContainers).toEqual([]);
  });

  it('has no volume but its cache and its own Secret, and no right of root', () => {
    const { volumes, initContainers, containers } = podOf();
    expect(volumes.map((volume) => Object.keys(volume))).toEqual([
      ['name', 'emptyDir'],
      ['name', 'secret'],
    ]);
    for (const { securityContext, volumeMounts, workingDir } of [...initContainers, ...containers]) {
      expect(securityContext).toMatchObject({ capabilities: { drop: ['ALL'], add: [] } });
      expect(volumeMounts.map((mount) => JSON.stringify(mount)).join()).not.toContain('/data');
      expect(workingDir).toBeUndefined();
    }
  });

  it('does not go before applications, and is not begun anew by itself', () => {
    expect(podOf()).not.toHaveProperty('priorityClassName');
    expect(build().spec).toMatchObject({ suspend: true, backoffLimit: 0, podFailurePolicy: { rules: [{}] } });
  });

  it('tells afterwards what it was told', () => {
    const job = { apiVersion: 'batch/v1', kind: 'Job', ...build() };
    const metadata = { ...job.metadata, uid: 'j', creationTimestamp: '2026-01-01T00:00:00Z' };
    const read = jobs.parse({ ...job, metadata });
    expect(snapshotsToRemove(read)).toEqual(maintenancePlan.snapshotIds);
    expect(basisOfJob(read)).toEqual(maintenancePlan.basis);
  });
});
