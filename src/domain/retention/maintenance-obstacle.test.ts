import fc from 'fast-check';
import { expect, it } from 'vitest';
import { maintenanceObstacle, type ObstacleFacts } from './maintenance-obstacle.ts';

const free: ObstacleFacts = { isSuspended: false, isOurs: true, open: [], isRestoring: false, backup: 'none' };

it('nothing is in the way where nothing is open, and nobody works', () => {
  expect(maintenanceObstacle(free)).toBeUndefined();
});

it('invariants 2, 3 and 4: one thing is enough to be in the way, whatever else is so, and what nobody has looked at is one', () => {
  const facts = fc.record<ObstacleFacts>({
    isSuspended: fc.boolean(),
    isOurs: fc.boolean(),
    open: fc.constantFrom(undefined, [], ['ContentCollapsed'], ['SnapshotMissing', 'Unconfirmed']),
    isRestoring: fc.boolean(),
    backup: fc.constantFrom('none', 'due', 'running', 'unjudged'),
  });
  fc.assert(
    fc.property(facts, (given) => {
      const isFree =
        !given.isSuspended && given.isOurs && given.open?.length === 0 && !given.isRestoring && given.backup === 'none';
      expect(maintenanceObstacle(given) === undefined).toBe(isFree);
    }),
  );
});

it('names what is open', () => {
  expect(maintenanceObstacle({ ...free, open: ['ContentCollapsed'] })?.message).toContain('ContentCollapsed');
});

it('ends a removal under way for all but a backup that has yet to begin', () => {
  expect(maintenanceObstacle({ ...free, backup: 'due' })).toMatchObject({ endsOne: false });
  expect(maintenanceObstacle({ ...free, backup: 'running' })).toMatchObject({ endsOne: true });
  expect(maintenanceObstacle({ ...free, open: ['ContentCollapsed'], backup: 'due' })).toMatchObject({ endsOne: true });
});
