import { beforeEach, expect, it } from 'vitest';
import { SILENCE_MILLISECONDS } from '../../engines/volsync/mover-trouble.ts';
import { GRACE_MILLISECONDS } from '../../domain/telling.ts';
import { events, pods } from '../../kube/model/built-in-kinds.ts';
import { remember } from '#simulation/past.ts';
import { CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';

let world: World;

beforeEach(() => {
  world = new World();
  world.truth.save({ files: 41, sizeBytes: 8_000_000, complete: true }, world.now() - 3_600_000);
  remember(world);
});

const isCompleted = ({ restore }: World): boolean => restore?.status?.phase === 'Completed';
const standing = () => world.restore?.status?.conditions?.find((one) => one.type === 'Ready');

async function lookAfter(milliseconds: number): Promise<void> {
  world.wait(milliseconds);
  await world.look();
}

it("invariant 14: for a mover whose pod is refused, repeats the refuser's words and what to do", async () => {
  world.createClaim('restore');
  await world.until(({ attempts }) => attempts[0]?.spec['paused'] === false);
  const attempt = world.attempts[0]?.metadata.name ?? '';
  const message = 'Error creating: pods "x" is forbidden: exceeded quota: small, requested: pods=1, limited: pods=4';
  world.server.create(events, {
    metadata: { namespace: NAMESPACE, name: 'refused' },
    involvedObject: { kind: 'Job', namespace: NAMESPACE, name: `volsync-dst-${attempt}` },
    ...{ type: 'Warning', reason: 'FailedCreate', message },
  });
  await lookAfter(GRACE_MILLISECONDS);
  expect(standing()?.message).not.toContain('exceeded quota');
  await lookAfter(GRACE_MILLISECONDS);
  expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'WaitingForMover' });
  expect(world.events.at(-1)?.message).toContain(message);
  expect(world.events.at(-1)?.message).toContain('must have room for one mover');
  await world.until(isCompleted);
});

it('invariant 14: for a mover whose pod cannot be scheduled, says why', async () => {
  world.createClaim('restore');
  const mover = () =>
    world.server.list(pods).find(({ metadata }) => metadata.name.startsWith('volsync-'))?.metadata ?? CLAIM_REF;
  await world.until(() => mover() !== CLAIM_REF);
  const message = '0/1 nodes are available: 1 Insufficient memory.';
  world.server.change(pods, mover(), (object) => {
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
    object['status'] = { phase: 'Pending', conditions };
  });
  await lookAfter(2 * GRACE_MILLISECONDS);
  expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'WaitingForMover' });
  expect(world.events.at(-1)?.message).toContain(message);
});

it('invariant 14: for a mover that runs and says nothing for two minutes, tells that it may not reach the store', async () => {
  world.createClaim('restore');
  const isRunning = ({ server }: World) =>
    server
      .list(pods)
      .some(({ metadata, status }) => metadata.name.startsWith('volsync-dst-') && status?.phase === 'Running');
  await world.until(isRunning);
  await world.look();
  expect(standing()?.reason).toBe('Restoring');
  await lookAfter(SILENCE_MILLISECONDS);
  expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'MoverSilent' });
  expect(world.events.at(-1)?.message).toContain('NetworkPolicies');
  await world.until(isCompleted);
  expect(world.restore?.status?.attempts).toBe(1);
});
