import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { LeaderElector, type LeaderElectorOptions } from '../../../src/kube/lease.ts';
import { type Lease, leases } from '../../../src/kube/model/built-in-kinds.ts';
import { type Fixture, quiet, startFixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => void (fixture = await startFixture()));
afterAll(() => fixture.stop());

/** Short, for what waits until a lease runs out. */
const timing = { leaseDurationSeconds: 3, renewDeadlineSeconds: 2, retryPeriodSeconds: 0.3 };
/** Long, for what must not happen because a busy machine was late. */
const patient = { leaseDurationSeconds: 60, renewDeadlineSeconds: 40, retryPeriodSeconds: 0.3 };
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000, interval: 20 });

const ended: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ended.splice(0)) await end();
});

function candidate(namespace: string, identity: string, options: Partial<LeaderElectorOptions> = {}): LeaderElector {
  const elector = new LeaderElector({
    client: fixture.client,
    lease: { namespace, name: 'leader' },
    identity,
    logger: quiet,
    timing,
    onLost: () => undefined,
    ...options,
  });
  ended.push(() => elector.stop());
  elector.start();
  return elector;
}

/** A candidate that can be killed. */
function startProcess(namespace: string, identity: string): { readonly child: ChildProcess; readonly said: string[] } {
  const { leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds } = timing;
  const seconds = [leaseDurationSeconds, renewDeadlineSeconds, retryPeriodSeconds].join();
  const program = fileURLToPath(new URL('lease-candidate.ts', import.meta.url));
  const child = spawn(process.execPath, [program, fixture.plane.kubeconfigPath, namespace, identity, seconds], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  ended.push(() => child.kill('SIGKILL'));
  const said: string[] = [];
  child.stdout.setEncoding('utf8').on('data', (text: string) => said.push(...text.trim().split('\n')));
  return { child, said };
}

const leaseOf = async (namespace: string): Promise<Lease> =>
  (await fixture.client.get(leases, { namespace, name: 'leader' })) ?? expect.unreachable('there is no lease');

describe('LeaderElector', () => {
  it('elects one of several that start together, and only one', async () => {
    const namespace = await fixture.newNamespace();
    const candidates = ['a', 'b', 'c'].map((identity) => candidate(namespace, identity, { timing: patient }));
    await eventually(() => candidates.filter((each) => each.isLeader)).toHaveLength(1);
    const leaders = new Set<number>();
    const until = performance.now() + 4000;
    while (performance.now() < until) {
      const leading = candidates.flatMap((each, index) => (each.isLeader ? [index] : []));
      expect(leading).toHaveLength(1);
      leading.forEach((index) => leaders.add(index));
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    expect(leaders.size).toBe(1);
  });

  it('writes a lease that others can read, and renews it', async () => {
    const namespace = await fixture.newNamespace();
    await candidate(namespace, 'a', { timing: patient }).elected();
    const first = await leaseOf(namespace);
    const microTime: unknown = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(first.spec).toEqual({
      holderIdentity: 'a',
      leaseDurationSeconds: 60,
      acquireTime: microTime,
      renewTime: microTime,
      leaseTransitions: 0,
    });
    await expect
      .poll(async () => (await leaseOf(namespace)).spec?.renewTime, { timeout: 10_000 })
      .not.toBe(first.spec?.renewTime);
    expect((await leaseOf(namespace)).spec?.acquireTime).toBe(first.spec?.acquireTime);
  });

  it('hands over at once when it stops', async () => {
    const namespace = await fixture.newNamespace();
    const first = candidate(namespace, 'a', { timing: patient });
    await first.elected();
    const second = candidate(namespace, 'b', { timing: patient });
    await first.stop();
    const stoppedAt = performance.now();
    expect(first.isLeader).toBe(false);
    await second.elected();
    expect(performance.now() - stoppedAt).toBeLessThan((patient.leaseDurationSeconds * 1000) / 2);
    expect((await leaseOf(namespace)).spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('passes on when the leader is killed, but not before its lease has run out', async () => {
    const namespace = await fixture.newNamespace();
    const { child, said } = startProcess(namespace, 'a');
    await eventually(() => said).toEqual(['leading']);
    const second = candidate(namespace, 'b');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const killedAt = performance.now();
    await second.elected();
    const waitedSeconds = (performance.now() - killedAt) / 1000;
    expect(waitedSeconds).toBeGreaterThan(timing.leaseDurationSeconds - timing.retryPeriodSeconds * 2);
    expect((await leaseOf(namespace)).spec).toMatchObject({ holderIdentity: 'b', leaseTransitions: 1 });
  });

  it('ends a leader that was frozen, as another took over meanwhile', async () => {
    const namespace = await fixture.newNamespace();
    const { child, said } = startProcess(namespace, 'a');
    await eventually(() => said).toEqual(['leading']);
    const second = candidate(namespace, 'b');
    child.kill('SIGSTOP');
    await second.elected();
    child.kill('SIGCONT');
    await eventually(() => said).toEqual(['leading', 'lost']);
    expect(second.isLeader).toBe(true);
  });

  it('hands over when its process is asked to end', async () => {
    const namespace = await fixture.newNamespace();
    const { child, said } = startProcess(namespace, 'a');
    await eventually(() => said).toEqual(['leading']);
    child.kill('SIGTERM');
    await once(child, 'exit');
    expect((await leaseOf(namespace)).spec?.holderIdentity).toBe('');
  });

  it('is lost before others may take it, when the API server hangs; and a candidate goes on when it is back', async () => {
    const namespace = await fixture.newNamespace();
    const lost = Promise.withResolvers<number>();
    const slower = { leaseDurationSeconds: 8, renewDeadlineSeconds: 4, retryPeriodSeconds: 0.5 };
    const leader = candidate(namespace, 'a', { timing: slower, onLost: () => lost.resolve(performance.now()) });
    await leader.elected();
    const second = candidate(namespace, 'b', { timing: slower });
    const frozenAt = performance.now();
    await fixture.plane.kill('apiserver', 'SIGSTOP');
    const lostAt = await lost.promise;
    await fixture.plane.kill('apiserver', 'SIGCONT');
    expect((lostAt - frozenAt) / 1000).toBeLessThan(slower.leaseDurationSeconds);
    expect(leader.isLeader).toBe(false);
    await second.elected();
  });

  it('survives a restart of the API server that is shorter than its deadline', async () => {
    const namespace = await fixture.newNamespace();
    let isLost = false;
    const leader = candidate(namespace, 'a', { timing: patient, onLost: () => (isLost = true) });
    await leader.elected();
    await fixture.plane.kill('apiserver');
    await fixture.plane.restart('apiserver');
    const before = (await leaseOf(namespace)).spec?.renewTime;
    await expect.poll(async () => (await leaseOf(namespace)).spec?.renewTime, { timeout: 30_000 }).not.toBe(before);
    expect({ isLost, isLeader: leader.isLeader }).toEqual({ isLost: false, isLeader: true });
  });
});
