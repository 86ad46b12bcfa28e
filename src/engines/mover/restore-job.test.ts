import { describe, expect, it } from 'vitest';
import { buildRestoreJob, type RestorePlan } from './restore-job.ts';
import { restorePlan } from '#doubles/mover/mover-plans.ts';

const build = (more: Partial<RestorePlan> = {}) => buildRestoreJob({ ...restorePlan, ...more });
const podOf = (more: Partial<RestorePlan> = {}) => build(more).spec.template.spec;
const argumentsOf = (more: Partial<RestorePlan> = {}): readonly string[] => podOf(more).initContainers[1]?.args ?? [];

describe('buildRestoreJob', () => {
  it('names the Job after the restore and the attempt, and the claim in its labels', () => {
    expect(build({ attempt: 2 }).metadata).toEqual({
      name: 'rebound-restore-33333333-0000-4000-8000-000000000000-2',
      namespace: 'rebound-movers',
      labels: {
        'app.kubernetes.io/managed-by': 'rebound',
        'rebound.dev/role': 'restore',
        'rebound.dev/owner-uid': '33333333-0000-4000-8000-000000000000',
        'rebound.dev/claim-namespace': 'shop',
        'rebound.dev/claim-uid': '11111111-0000-4000-8000-000000000000',
      },
      annotations: { 'rebound.dev/claim': 'shop/db', 'rebound.dev/snapshot': 'a'.repeat(64) },
      finalizers: ['rebound.dev/unread'],
    });
  });

  it('runs one pod, once, and begins suspended', () => {
    expect(build().spec).toMatchObject({
      suspend: true,
      backoffLimit: 0,
      completions: 1,
      podReplacementPolicy: 'Failed',
      podFailurePolicy: {
        rules: [
          { action: 'FailJob', onExitCodes: { containerName: 'restic', operator: 'In', values: [3, 10, 11, 12] } },
        ],
      },
    });
    expect(build().spec).not.toHaveProperty('ttlSecondsAfterFinished');
  });

  it('invariant 8: looks first, then restores, then proves', () => {
    const { initContainers, containers, restartPolicy } = podOf();
    expect(initContainers.map(({ name }) => name)).toEqual(['look', 'restic']);
    expect(containers).toMatchObject([{ name: 'prove', args: ['mover', 'prove'] }]);
    expect(restartPolicy).toBe('Never');
  });

  it('runs restic with arguments and without a shell, and removes nothing', () => {
    expect(podOf().initContainers[1]).toMatchObject({ command: ['restic'], workingDir: '/data' });
    expect(argumentsOf()).toEqual([
      ...['restore', 'a'.repeat(64), '--target', '/data', '--sparse', '--json'],
      ...[
        'security.selinux',
        'security.ima',
        'security.evm',
        'security.apparmor',
        'security.SMACK64*',
        'trusted.*',
      ].flatMap((pattern) => ['--exclude-xattr', pattern]),
    ]);
  });

  it('invariant 8: removes files only from a volume that an attempt of ours has filled, and tells the look so', () => {
    const filled = { filledBefore: true };
    expect(argumentsOf(filled)).toEqual([
      ...argumentsOf(),
      ...['--delete', '--exclude', '/lost+found', '--exclude', '/.snapshot'],
    ]);
    for (const filledBefore of [true, false]) {
      const look = podOf({ filledBefore }).initContainers[0];
      expect(look?.env).toContainEqual({ name: 'REBOUND_FILLED_BEFORE', value: String(filledBefore) });
    }
  });

  it('has restic read back what it wrote, where that is asked for', () => {
    expect(argumentsOf({ verifyContent: true }).at(-1)).toBe('--verify');
  });

  it('holds no secret, no token and no account with rights', () => {
    const text = JSON.stringify(build());
    for (const secret of ['the-password', 'the-key-id', 'the-secret-key', 'the-token', 'the-authority']) {
      expect(text).not.toContain(secret);
    }
    expect(podOf()).toMatchObject({ automountServiceAccountToken: false, serviceAccountName: 'rebound-mover' });
  });

  it('fits Pod Security baseline: root with six capabilities and nothing else', () => {
    const { initContainers, containers, securityContext, volumes } = podOf();
    for (const container of [...initContainers, ...containers]) {
      expect(container).toMatchObject({
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      });
    }
    expect(initContainers[1]?.securityContext).toMatchObject({
      capabilities: { add: ['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'SETFCAP', 'MKNOD'] },
    });
    expect(securityContext).toEqual({ runAsUser: 0, runAsGroup: 0, seccompProfile: { type: 'RuntimeDefault' } });
    expect(volumes.flatMap((volume) => Object.keys(volume)).filter((key) => key !== 'name')).toEqual([
      'persistentVolumeClaim',
      'emptyDir',
      'secret',
    ]);
  });

  it('keeps meshes away', () => {
    expect(build().spec.template.metadata).toMatchObject({
      labels: { 'sidecar.istio.io/inject': 'false', 'kuma.io/sidecar-injection': 'disabled' },
      annotations: { 'linkerd.io/inject': 'disabled' },
    });
  });

  it('says who may write into the top folder where the pods of the claim tell', () => {
    const environment = ({ containers }: ReturnType<typeof podOf>) => containers.flatMap(({ env }) => env);
    expect(environment(podOf({ topFolderGroup: 1000 }))).toContainEqual({
      name: 'REBOUND_TOP_FOLDER_GROUP',
      value: '1000',
    });
    expect(JSON.stringify(environment(podOf({})))).not.toContain('TOP_FOLDER');
  });

  it('names cluster and Job in its host name', () => {
    const { hostname } = podOf({ attempt: 12 });
    expect(hostname).toBe('22222222-restore-33333333-0000-4000-8000-000000000000-12');
    expect(hostname.length).toBeLessThanOrEqual(63);
  });
});
