import { expect, it } from 'vitest';
import { pods } from '../kube/model/built-in-kinds.ts';
import { moverUserOf, userIdsOf } from './mover-user.ts';
import { childOf } from '#doubles/kube/json.ts';
import { NAMESPACE, World } from '#simulation/world.ts';

it.each([
  ['a native sidecar alone mounts the claim: its user', 'Always', 2000],
  ['an init container alone mounts the claim: nobody, for it has ended', undefined, undefined],
])('where %s', async (_, restartPolicy, runAsUser) => {
  const world = new World();
  const claim = world.createClaim('fresh');
  world.scale(1);
  world.server.change(pods, { namespace: NAMESPACE, name: 'app-0' }, (pod) => {
    const volumeMounts = [{ name: 'data', mountPath: '/data' }];
    const writer = { name: 'writer', securityContext: { runAsUser: 2000 }, volumeMounts };
    const spec = childOf(pod, 'spec');
    spec['securityContext'] = {};
    spec['containers'] = [{ name: 'main' }];
    spec['initContainers'] = [{ ...writer, ...(restartPolicy === undefined ? {} : { restartPolicy }) }];
  });
  await world.look();
  const { stores } = world.process.context;
  const choice = moverUserOf(stores, claim, undefined);
  expect(choice).toMatchObject({ ok: true, user: runAsUser === undefined ? {} : { runAsUser } });
  expect(userIdsOf(stores, claim)).toEqual(runAsUser === undefined ? [] : [runAsUser]);
});
