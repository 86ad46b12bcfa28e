import { expect, it, vi } from 'vitest';
import { KubeError } from '../../kube/client/errors.ts';
import { backupDestinations } from '../../api/resource-kinds.ts';
import { World } from '#simulation/world.ts';
import { withGuardCondition } from '../guard-condition.ts';
import { AdmissionGuard } from './admission-guard.ts';

function guardOf(world: World): AdmissionGuard {
  world.process.copies.seeEverything();
  return new AdmissionGuard(world.process.context);
}

it('invariant 1: warns of a missing floor on every destination, again and again, and shows it', async () => {
  const world = new World();
  const guard = guardOf(world);
  guard.onChange = vi.fn();
  await guard.reconcile();
  world.wait(10_000);
  expect(await guard.reconcile()).toEqual({ kind: 'requeueAfter', milliseconds: 10_000 });
  expect(world.told).toEqual(['FloorMissing']);
  world.wait(50_000);
  await guard.reconcile();
  expect(guard.current).toMatchObject({ status: 'False', reason: 'FloorMissing' });
  const uid = world.server.get(backupDestinations, { name: 'default' })?.metadata.uid;
  expect(world.events.map(({ type, reason, uid: about }) => [type, reason, about])).toEqual([
    ['Warning', 'FloorMissing', uid],
    ['Warning', 'FloorMissing', uid],
  ]);
  expect(guard.onChange).toHaveBeenCalledTimes(1);
  expect(withGuardCondition([], guard, 3, '2030-01-01T00:00:00Z')).toEqual([
    {
      type: 'AdmissionGuarded',
      ...guard.current,
      observedGeneration: 3,
      lastTransitionTime: '2030-01-01T00:00:00Z',
    },
  ]);
});

it('invariant 2: does not take an API server that says nothing for a floor, nor for none', async () => {
  const world = new World();
  const guard = guardOf(world);
  const subject = { verb: 'get', resource: 'validatingadmissionpolicies.admissionregistration.k8s.io' };
  world.process.client.get = () => Promise.reject(new KubeError(subject, { code: 503, reason: 'x', detail: 'later' }));
  await guard.reconcile();
  expect(guard.current).toMatchObject({ status: 'Unknown', reason: 'GuardUnreadable' });
  expect(world.told).toEqual(['GuardUnreadable']);
});

it('shows nothing before it has looked', () => {
  expect(withGuardCondition([], { current: undefined }, 1, '2030-01-01T00:00:00Z')).toEqual([]);
});
