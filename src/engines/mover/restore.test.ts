import { beforeEach, describe, expect, it } from 'vitest';
import { MOVERS_NAMESPACE } from '../../api/group.ts';
import { backupPolicies } from '../../api/resource-kinds.ts';
import { events, jobs, pods, secrets } from '../../kube/model/built-in-kinds.ts';
import { ownerReference } from '../../kube/model/kind.ts';
import { JOB_LABEL } from '../../kube/model/pods-by-job.ts';
import { openRepository } from '../../repositories/access.ts';
import { childOf } from '#doubles/kube/json.ts';
import { remember } from '#simulation/past.ts';
import { CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';
import type { AttemptPlan, RestoreEngine } from '../engine.ts';
import { moverRestores } from './restore.ts';

const HOUR_MILLISECONDS = 3_600_000;

let world: World;
let engine: RestoreEngine;
let plan: AttemptPlan;

beforeEach(async () => {
  world = new World();
  world.truth.save({ files: 41, sizeBytes: 8_000_000, complete: true }, world.now() - HOUR_MILLISECONDS);
  remember(world);
  world.createClaim('restore');
  await world.until(({ restore }) => restore?.status?.snapshot !== undefined);
  const { context } = world.process;
  engine = moverRestores(context, 'restic:1');
  const opened = openRepository(context, 'default', CLAIM_REF);
  const policy = world.server.get(backupPolicies, { name: 'hourly' });
  const { restore } = world;
  const snapshot = restore?.status?.snapshot;
  if (!opened.ok || policy === undefined || restore === undefined || snapshot === undefined) expect.unreachable();
  const { access } = opened;
  const common = { moverUser: {}, claimStorageClass: undefined, paused: false, deletesFiles: false };
  plan = { restore, attempt: 1, policy, access, snapshot, ...common };
});

const jobsNow = () => world.server.list(jobs);
/** The newest of all, with fields that nobody reads. */
const jobMade = () =>
  world.server
    .historyOf(jobs)
    .filter(({ object }) => object !== undefined)
    .at(-1)?.object;
const secretsNow = () => world.server.list(secrets).filter(({ metadata }) => metadata.namespace === MOVERS_NAMESPACE);
const observe = () => {
  world.process.copies.seeEverything();
  return engine.observe(plan).kind;
};

describe('a restore by movers of our own', () => {
  it('makes one Job and one Secret that belongs to it, and lets it start', async () => {
    await engine.start(plan);
    const [job] = jobsNow();
    expect(job).toMatchObject({ metadata: { namespace: MOVERS_NAMESPACE }, spec: { suspend: false } });
    expect(secretsNow()).toMatchObject([
      { metadata: { name: job?.metadata.name, ownerReferences: [{ kind: 'Job', uid: job?.metadata.uid }] } },
    ]);
    expect(observe()).toBe('running');
  });

  it('tolerates what a pod that waits for the claim tolerates, and nothing where there is none', async () => {
    await engine.start(plan);
    expect(jobMade()).not.toHaveProperty('spec.template.spec.tolerations');
    await engine.discard(plan);
    world.scale(1);
    await world.until(() => world.server.list(pods).some(({ metadata }) => metadata.name === 'app-0'));
    const tolerations = [{ key: 'database', operator: 'Exists' }];
    world.server.change(pods, { namespace: NAMESPACE, name: 'app-0' }, (pod) => {
      childOf(pod, 'spec')['tolerations'] = tolerations;
    });
    world.process.copies.seeEverything();
    await engine.start(plan);
    expect(jobMade()).toMatchObject({ spec: { template: { spec: { tolerations } } } });
  });

  it('makes nothing before the volume is known to be one that may be written into', async () => {
    await engine.start({ ...plan, paused: true });
    expect(jobsNow()).toEqual([]);
    expect(observe()).toBe('paused');
  });

  it.each([0, 1, 2])('invariant 7: goes on where the process died after %d of its writes', async (after) => {
    for (const fault of ['refused', 'answerLost'] as const) {
      world.process.client.expect({ after, fault, fatal: false });
      await engine.start(plan).catch(() => undefined);
      world.process.client.expect(undefined);
    }
    await engine.start(plan);
    expect(jobsNow()).toMatchObject([{ spec: { suspend: false } }]);
    expect(secretsNow()).toHaveLength(1);
  });

  it('makes the Job anew for another snapshot, where it has not started', async () => {
    world.process.client.expect({ after: 1, fault: 'refused', fatal: false });
    await expect(engine.start(plan)).rejects.toThrow();
    world.process.client.expect(undefined);
    const [before] = jobsNow();
    const other = { ...plan, snapshot: { ...plan.snapshot, id: 'b'.repeat(64) } };
    await engine.start(other);
    await engine.start(other);
    const [after] = jobsNow();
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(after).toMatchObject({
      metadata: { annotations: { 'rebound.dev/snapshot': 'b'.repeat(64) } },
      spec: { suspend: false },
    });
  });

  it('gives a Job made anew a Secret of its own, which does not go with the one before', async () => {
    world.process.client.expect({ after: 2, fault: 'refused', fatal: false });
    await expect(engine.start(plan)).rejects.toThrow();
    world.process.client.expect(undefined);
    const [before] = jobsNow();
    const [left] = secretsNow();
    const other = { ...plan, snapshot: { ...plan.snapshot, id: 'b'.repeat(64) } };
    await engine.start(other);
    // The garbage collector comes later.
    if (left !== undefined && secretsNow().length === 0) world.server.create(secrets, left);
    await engine.start(other);
    const [after] = jobsNow();
    expect(after?.metadata.uid).not.toBe(before?.metadata.uid);
    expect(secretsNow()).toMatchObject([{ metadata: { ownerReferences: [{ uid: after?.metadata.uid }] } }]);
  });

  it('leaves a Job that has started as it is', async () => {
    await engine.start(plan);
    const before = jobsNow();
    await engine.start({ ...plan, snapshot: { ...plan.snapshot, id: 'b'.repeat(64) } });
    expect(jobsNow()).toEqual(before);
  });

  it('invariant 14: says in the words of the kubelet why its mover does not start', async () => {
    await engine.start(plan);
    const [job] = jobsNow();
    if (job === undefined) expect.unreachable();
    const pod = { namespace: MOVERS_NAMESPACE, name: 'mover' };
    const labels = { [JOB_LABEL]: job.metadata.name };
    world.server.create(pods, {
      metadata: { ...pod, labels, ownerReferences: [ownerReference(job)] },
      spec: { containers: [] },
    });
    world.server.create(events, {
      metadata: { namespace: MOVERS_NAMESPACE, name: 'mount' },
      involvedObject: { apiVersion: 'v1', kind: 'Pod', ...pod },
      type: 'Warning',
      reason: 'FailedMount',
      message: 'Unable to attach or mount volumes.',
    });
    world.process.copies.seeEverything();
    const state = engine.observe(plan);
    if (state.kind !== 'running') expect.unreachable();
    expect(await state.notStarted?.explain()).toEqual({
      kind: 'stuck',
      message: "The mover's pod mover cannot start: Unable to attach or mount volumes.",
    });
  });

  it('ends an attempt with its Job, whoever waits for its result', async () => {
    await engine.start(plan);
    await engine.discard(plan);
    expect(jobsNow()).toEqual([]);
    await engine.discard(plan);
  });

  it('knows its own movers', () => {
    const job = `rebound-restore-${ownerReference(plan.restore).uid}`;
    const pod = (attempt: number) => ({
      apiVersion: 'v1',
      kind: 'Pod' as const,
      metadata: {
        name: 'p',
        namespace: MOVERS_NAMESPACE,
        uid: 'p',
        resourceVersion: '1',
        creationTimestamp: '2030-01-01T00:00:00Z',
        labels: { 'batch.kubernetes.io/job-name': `${job}-${attempt}` },
      },
      spec: { containers: [] },
    });
    expect([engine.isMoverOf(pod(1), plan), engine.isMoverOf(pod(2), plan)]).toEqual([true, false]);
  });
});
