import { describe, expect, it } from 'vitest';
import { type BackupPlan, buildBackupJob } from './backup-job.ts';
import { backupPlan } from '#doubles/mover/mover-plans.ts';

const build = (more: Partial<BackupPlan> = {}) => buildBackupJob({ ...backupPlan, ...more });
const initOf = (name: string, more: Partial<BackupPlan> = {}) =>
  build(more).spec.template.spec.initContainers.find((container) => container.name === name);
const resticOf = (more: Partial<BackupPlan> = {}) => initOf('restic', more);
const argumentsOf = (more: Partial<BackupPlan> = {}): readonly string[] => resticOf(more)?.args ?? [];

describe('buildBackupJob', () => {
  it('backs up what VolSync would find again, tagged with the run', () => {
    expect(resticOf()).toMatchObject({ name: 'restic', command: ['restic'], workingDir: '/data' });
    expect(argumentsOf({ parentId: 'b'.repeat(64) })).toEqual([
      ...['backup', '.', '--json', '--host', 'volsync', '--retry-lock', '10m'],
      ...['--tag', 'run:$(REBOUND_RUN_ID)', '--tag', 'cluster:22222222-0000-4000-8000-000000000000'],
      ...['--tag', 'namespace:shop', '--tag', 'claim:db', '--tag', 'engine:Restic'],
      ...['--time', '2026-01-02 03:04:05', '--parent', 'b'.repeat(64)],
      '--exclude=/data/lost+found',
    ]);
  });

  it('takes no more of the network than its destination allows', () => {
    const limits = { uploadKiBPerSecond: 512, downloadKiBPerSecond: 2048 };
    const repository = { ...backupPlan.repository, limits };
    expect(argumentsOf({ repository }).slice(-4)).toEqual(['--limit-upload', '512', '--limit-download', '2048']);
  });

  it('looks first whether there is a file, with nothing but the volume', () => {
    expect(build().spec.template.spec.initContainers.map(({ name }) => name)).toEqual(['look', 'restic']);
    expect(initOf('look')).toMatchObject({ args: ['mover', 'look'], volumeMounts: [{ name: 'data', readOnly: true }] });
    expect(initOf('look')?.env).toContainEqual({ name: 'REBOUND_LOOK_FOR', value: 'files' });
  });

  it('leaves out nothing that an application calls a cache: nobody asked for that', () => {
    expect(argumentsOf().filter((argument) => argument.startsWith('--exclude'))).toEqual([
      '--exclude=/data/lost+found',
    ]);
  });

  it('takes patterns of users as they are', () => {
    expect(argumentsOf({ excludes: ['--json', '$(RESTIC_PASSWORD)', '*.tmp'] }).slice(-3)).toEqual([
      '--exclude=--json',
      '--exclude=$$(RESTIC_PASSWORD)',
      '--exclude=*.tmp',
    ]);
  });

  it('invariant 8: cannot write into the volume', () => {
    const { initContainers, containers, volumes } = build().spec.template.spec;
    for (const { volumeMounts, securityContext } of [...initContainers, ...containers]) {
      expect(volumeMounts).toContainEqual({ name: 'data', mountPath: '/data', readOnly: true });
      expect(securityContext).toMatchObject({ capabilities: { drop: ['ALL'], add: ['DAC_OVERRIDE'] } });
    }
    expect(volumes[0]).toEqual({ name: 'data', persistentVolumeClaim: { claimName: 'rebound-copy-4' } });
  });

  it('records a run only after restic, with the UID of its Job', () => {
    const [record] = build().spec.template.spec.containers;
    expect(record?.name).toBe('record');
    const fieldPath = "metadata.labels['batch.kubernetes.io/controller-uid']";
    expect(record?.env).toContainEqual({ name: 'REBOUND_RUN_ID', valueFrom: { fieldRef: { fieldPath } } });
    expect(record?.env).toContainEqual({ name: 'REBOUND_CLAIM_NAME', value: 'db' });
  });

  it('is tried again where its pod was taken away, on the nodes that it may use, and never goes before applications', () => {
    const { podFailurePolicy, template } = build().spec;
    expect(podFailurePolicy.rules.at(-1)).toMatchObject({ action: 'Ignore' });
    expect(template.spec).toMatchObject({ tolerations: [{ operator: 'Exists' }] });
    expect(template.spec).not.toHaveProperty('priorityClassName');
  });
});
