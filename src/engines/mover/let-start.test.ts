import { beforeEach, expect, it } from 'vitest';
import { MOVERS_NAMESPACE } from '../../api/group.ts';
import { jobs, secrets } from '../../kube/model/built-in-kinds.ts';
import { childOf } from '#doubles/kube/json.ts';
import { moverRepository, restorePlan } from '#doubles/mover/mover-plans.ts';
import { World } from '#simulation/world.ts';
import { letStart } from './let-start.ts';
import { buildRestoreJob } from './restore-job.ts';

const given = { moverClient: restorePlan.client, repository: moverRepository };
const desired = buildRestoreJob(restorePlan);
const ref = { namespace: MOVERS_NAMESPACE, name: desired.metadata.name };

let world: World;

beforeEach(() => {
  world = new World();
});

it('lets a Job start in whose status Kubernetes has noted meanwhile that it is suspended', async () => {
  const made = world.server.create(jobs, desired);
  world.server.change(jobs, ref, (job) => {
    childOf(job, 'status')['conditions'] = [{ type: 'Suspended', status: 'True' }];
  });
  await letStart(world.process.client, made, given);
  expect(world.server.get(jobs, ref)?.spec.suspend).toBe(false);
  expect(world.server.get(secrets, ref)?.metadata.ownerReferences).toMatchObject([{ uid: made.metadata.uid }]);
});

it('lets no other Job start that has its name by now', async () => {
  const made = world.server.create(jobs, { ...desired, metadata: { ...desired.metadata, finalizers: [] } });
  world.server.delete(jobs, ref);
  world.server.create(jobs, desired);
  await expect(letStart(world.process.client, made, given)).rejects.toThrow();
  expect(world.server.get(jobs, ref)?.spec.suspend).toBe(true);
});
