import { beforeEach, expect, it } from 'vitest';
import { childOf } from '../testing/json.ts';
import { pods } from '../../kube/objects.ts';
import { NAMESPACE, World } from '../testing/world.ts';

let world: World;

beforeEach(() => {
  world = new World();
  world.createClaim('fresh');
  world.scale(1);
});

async function start(): Promise<void> {
  await world.until(({ isAppRunning }) => isAppRunning);
  world.write((content) => ({ ...content, files: 9, sizeBytes: 1_000_000, complete: true }));
}

function runAs(runAsUser: number | undefined): void {
  world.server.change(pods, { namespace: NAMESPACE, name: 'app-0' }, (pod) => {
    childOf(pod, 'spec')['securityContext'] = runAsUser === undefined ? {} : { runAsUser };
  });
}

async function backUp(): Promise<void> {
  await world.calmRound();
  world.backUp('complete');
  await world.calmRound();
}

const limited = () => world.protection?.status?.conditions?.find(({ type }) => type === 'RestoreLimited');
const warnings = () => world.events.filter(({ reason }) => reason === 'RestoreLimited');

it('invariant 11: warns at the first backup where nobody says whom the mover should run as, once', async () => {
  runAs(undefined);
  await start();
  await backUp();
  await backUp();
  expect(world.protection?.status?.phase).toBe('Protected');
  expect(limited()).toMatchObject({ status: 'True', reason: 'Foreseen' });
  expect(warnings()).toHaveLength(1);
  expect(warnings()[0]).toMatchObject({ type: 'Warning', message: limited()?.message });
  expect(limited()?.message).toContain('rebound.dev/mover-user');
});

it('says nothing where the mover is the user of the pods', async () => {
  await start();
  await backUp();
  expect(world.protection?.status?.phase).toBe('Protected');
  expect(limited()).toBeUndefined();
  expect(warnings()).toEqual([]);
});
