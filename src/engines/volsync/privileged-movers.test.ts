import { beforeEach, expect, it } from 'vitest';
import { namespaces } from '../../kube/model/built-in-kinds.ts';
import { childOf, toJson } from '#doubles/kube/json.ts';
import { NAMESPACE, World } from '#simulation/world.ts';

const ANNOTATION = 'volsync.backube/privileged-movers';

let world: World;

beforeEach(() => {
  world = new World();
  world.server.create(namespaces, { metadata: { name: NAMESPACE, annotations: {} } });
  world.createClaim('fresh');
  world.scale(1);
});

function allow(value: string): void {
  world.server.change(namespaces, { name: NAMESPACE }, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[ANNOTATION] = value;
  });
}

/** The security context that movers which back up are to get. */
const context = () => childOf(childOf(toJson(world.schedule?.spec ?? {}), 'restic'), 'moverSecurityContext');

const isRootForbidden = (): boolean => context()['runAsNonRoot'] === true;

it('lets a mover be root once an administrator allows privileged movers, and no longer than that', async () => {
  await world.until(({ schedule }) => schedule !== undefined);
  expect(context()).toMatchObject({ runAsUser: 1000, runAsNonRoot: true });
  allow('true');
  await world.until(() => !isRootForbidden());
  expect(context()).toMatchObject({ runAsUser: 1000 });
  allow('false');
  await world.until(isRootForbidden);
  expect(isRootForbidden()).toBe(true);
});
