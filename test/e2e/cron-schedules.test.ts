import { describe, expect } from 'vitest';

import { backupPolicies } from '../../src/api/resource-kinds.ts';
import { deploy } from './support/application.ts';
import { readyCondition } from './support/conditions.ts';
import { makeOwnTier, type OwnTier, untilDestination } from './support/own-tier.ts';
import { untilProtection } from './support/protection.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

const schedule = (workspace: Workspace, { name }: OwnTier, spec: object) =>
  workspace.client.mergePatch(backupPolicies, { name }, { spec });

describe.concurrent('a tier with a cron expression', () => {
  for (const engine of ['VolSync', 'Restic'] as const) {
    scenario(
      `has its claims backed up by engine ${engine} again and again, in a time zone of its own`,
      async ({ workspace, contents }) => {
        const tier = await makeOwnTier(workspace);
        const everyMinute = { every: null, cron: '* * * * *', timeZone: 'Europe/Berlin' };
        await schedule(workspace, tier, { engine, schedule: everyMinute });
        await untilDestination(workspace, tier, true);
        await deploy(workspace, 'notes', { tier: tier.name });
        await untilProtection(workspace, 'notes', 'Protected');
        await workspace.eventually('three snapshots, of which nobody has asked for one', async () => {
          const keys = await contents.keys(`${tier.prefix}/${workspace.namespace}/notes/snapshots/`);
          return keys.length >= 3 ? keys : undefined;
        });
      },
    );
  }

  scenario('is refused beside an interval, and says so where nobody understands it', async ({ workspace }) => {
    const tier = await makeOwnTier(workspace);
    await untilDestination(workspace, tier, true);
    const both = schedule(workspace, tier, { schedule: { every: 'Day', cron: '0 3 * * *' } });
    await expect(both).rejects.toThrow('exactly one of every and cron must be set');
    await expect(schedule(workspace, tier, { schedule: { every: null } })).rejects.toThrow('exactly one of');
    await schedule(workspace, tier, { schedule: { every: null, cron: '99 3 * * *' } });
    const told = await workspace.eventually('the tier to say what is wrong with it', async () => {
      const policy = await workspace.client.get(backupPolicies, { name: tier.name });
      const ready = readyCondition(policy?.status?.conditions);
      return ready?.reason === 'InvalidSchedule' ? ready : undefined;
    });
    expect(told.message).toContain('"99 3 * * *" is no cron expression');
  });
});
