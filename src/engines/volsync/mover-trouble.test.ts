import { describe, expect, it } from 'vitest';
import type { Event, Pod } from '../../kube/model/built-in-kinds.ts';
import { absentMoverTrouble, lingeringTrouble, moverAdvice, podTrouble } from './mover-trouble.ts';

const metadata = {
  name: 'volsync-src-rebound-data-x7',
  namespace: 'shop',
  uid: 'uid-pod',
  resourceVersion: '1',
  creationTimestamp: '2026-01-01T00:00:00Z',
};

const pod = (status: Pod['status'], limits?: Record<string, string>): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata,
  spec: { containers: [{ name: 'restic', ...(limits === undefined ? {} : { resources: { limits } }) }] },
  status,
});

const container = (state: object) => ({ name: 'restic', ready: false, restartCount: 0, state });
const exited = (exitCode: number, reason = 'Error') => ({
  phase: 'Failed',
  containerStatuses: [container({ terminated: { exitCode, reason } })],
});

describe('lingeringTrouble', () => {
  const finishedAt = '2030-01-01T00:00:00Z';
  const now = Date.parse(finishedAt) + 60_000;
  const proxy = { ...container({ running: {} }), name: 'linkerd-proxy' };
  const ended = (exitCode: number) => container({ terminated: { exitCode, finishedAt } });
  const running = (...containerStatuses: ReturnType<typeof container>[]) =>
    pod({ phase: 'Running', containerStatuses });

  it('names a container that goes on in the pod of a mover that has ended', () => {
    const found = lingeringTrouble(running(ended(0), proxy), now);
    expect(found?.kind).toBe('stuck');
    expect(found?.message).toContain('container linkerd-proxy');
    expect(found?.advice).toContain('app.kubernetes.io/created-by: volsync');
  });

  it.each([
    ['a mover that works', running(container({ running: {} }), proxy), now],
    ['one that has just ended', running(ended(0), proxy), now - 1],
    ['one that failed', running(ended(1), proxy), now],
    ['one that is alone', running(ended(0)), now],
  ])('finds nothing wrong with %s', (_, one, at) => {
    expect(lingeringTrouble(one, at)).toBeUndefined();
  });
});

describe('podTrouble', () => {
  it('finds nothing wrong with a mover that starts, runs or has ended well', () => {
    const starting = container({ waiting: { reason: 'ContainerCreating' } });
    for (const status of [
      undefined,
      { phase: 'Pending' },
      { phase: 'Pending', containerStatuses: [starting] },
      { phase: 'Running', containerStatuses: [container({ running: {} })] },
      { phase: 'Succeeded', containerStatuses: [container({ terminated: { exitCode: 0 } })] },
    ]) {
      expect(podTrouble(pod(status), 'error: of another file')).toBeUndefined();
    }
  });

  it('says that a mover was killed for lack of memory, and of how much', () => {
    const found = podTrouble(pod(exited(137, 'OOMKilled'), { memory: '64Mi' }), 'Fatal: killed');
    expect(found).toMatchObject({
      kind: 'failed',
      message: 'The mover was killed for lack of memory (limit 64Mi).',
    });
    expect(found?.advice).toContain('LimitRange');
    expect(podTrouble(pod(exited(137, 'OOMKilled')), '')?.message).toContain('its node had none left');
  });

  it("repeats a failed mover's own words, with what to do about them", () => {
    const log = 'ignoring error for /a: lchown /data/a: operation not permitted\nFatal: There were 1 errors\n';
    const found = podTrouble(pod(exited(1)), log);
    expect(found?.kind).toBe('failed');
    expect(found?.message).toBe(
      'The mover says: ignoring error for /a: lchown /data/a: operation not permitted (Fatal: There were 1 errors).',
    );
    expect(found?.advice).toContain('rebound.dev/mover-user');
  });

  it('says what the exit code of a silent mover means', () => {
    expect(podTrouble(pod(exited(12)), '')?.message).toBe(
      'The mover failed without saying why (exit code 12: the password of the repository is wrong).',
    );
    expect(podTrouble(pod(exited(99)), '')?.message).toBe('The mover failed without saying why (exit code 99).');
    expect(podTrouble(pod({ phase: 'Failed' }), '')?.message).toBe('The mover failed without saying why.');
  });

  it('says why a pod was evicted', () => {
    const status = { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory. ' };
    expect(podTrouble(pod(status), '')?.message).toBe(
      "The mover's pod ended: Evicted The node was low on resource: memory.",
    );
  });

  it('says why a pod cannot be scheduled or started', () => {
    const message = '0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.';
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
    expect(podTrouble(pod({ phase: 'Pending', conditions }), '')).toMatchObject({
      kind: 'stuck',
      message: `The mover's pod ${metadata.name} cannot be scheduled: ${message}`,
    });
    const waiting = { reason: 'ImagePullBackOff', message: 'Back-off pulling image "quay.io/backube/volsync:0.14.0"' };
    const status = { phase: 'Pending', containerStatuses: [container({ waiting })] };
    expect(podTrouble(pod(status), '')?.message).toBe(
      `The mover's pod ${metadata.name} cannot start: ImagePullBackOff ${waiting.message}.`,
    );
  });
});

const warning = (kind: string, reason: string, message: string, lastTimestamp = '2026-01-01T00:00:00Z'): Event => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { ...metadata, name: `${kind}.${reason}` },
  involvedObject: { kind, name: 'volsync-src-rebound-data' },
  type: 'Warning',
  reason,
  message,
  lastTimestamp,
});

describe('absentMoverTrouble', () => {
  it('finds nothing where nobody complains', () => {
    expect(absentMoverTrouble({ warnings: [] })).toBeUndefined();
    expect(
      absentMoverTrouble({ warnings: [{ ...warning('Job', 'FailedCreate', 'x'), type: 'Normal' }] }),
    ).toBeUndefined();
  });

  it.each([
    [
      'pods "x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
      'restricted Pod Security',
    ],
    ['pods "x" is forbidden: exceeded quota: small, requested: pods=1, used: pods=4, limited: pods=4', 'ResourceQuota'],
    ['pods "x" is forbidden: failed quota: small: must specify limits.memory', 'ResourceQuota'],
    ['pods "x" is forbidden: maximum memory usage per Container is 64Mi, but limit is 1Gi', 'LimitRange'],
  ])('repeats what refuses the pod: %s', (words, advice) => {
    const found = absentMoverTrouble({ warnings: [warning('Job', 'FailedCreate', `Error creating: ${words}`)] });
    expect(found?.message).toBe(`The mover's pod is refused: Error creating: ${words}.`);
    expect(found?.advice).toContain(advice);
  });

  it('tells the newest of the most telling', () => {
    const refused = (message: string, time: string) => warning('Job', 'FailedCreate', message, time);
    const warnings = [
      warning('ReplicationSource', 'PersistentVolumeClaimNotBound', 'waiting for it to bind', '2026-01-01T02:00:00Z'),
      refused('old', '2026-01-01T00:00:00Z'),
      refused('new', '2026-01-01T01:00:00Z'),
      warning('PersistentVolumeClaim', 'ProvisioningFailed', 'no class', '2026-01-01T02:00:00Z'),
    ];
    expect(absentMoverTrouble({ warnings })?.message).toBe("The mover's pod is refused: new.");
    expect(absentMoverTrouble({ warnings: warnings.slice(3) })?.message).toBe(
      "The mover's cache claim gets no volume: no class.",
    );
    expect(absentMoverTrouble({ warnings: warnings.slice(0, 1) })?.message).toBe(
      'VolSync warns: waiting for it to bind.',
    );
  });
});

describe('moverAdvice', () => {
  it('knows a full volume and a network that does not answer', () => {
    expect(moverAdvice('write /data/x: no space left on device')).toContain('Sparse files');
    expect(moverAdvice('dial tcp 10.0.0.1:443: i/o timeout')).toContain('NetworkPolicies');
    expect(moverAdvice('wrong password')).toBeUndefined();
  });
});
