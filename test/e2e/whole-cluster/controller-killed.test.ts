import { describe, expect } from 'vitest';

import { SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import { pods } from '../../../src/kube/model/built-in-kinds.ts';
import { volumeRestores } from '../../../src/api/resource-kinds.ts';
import { deploy, lifeOf } from '../support/application.ts';
import { untilTold } from '../support/claim-story.ts';
import { actingController, untilAvailable } from '../support/deployments.ts';
import { makeOwnTier, setSecretKey, untilDestination } from '../support/own-tier.ts';
import { killingGround } from '../support/killing-ground.ts';
import { protect } from '../support/protection.ts';
import { seedBackup } from '../support/restic-repository.ts';
import { type RestorePhase, restoreOf, untilRestore, watchForStep } from '../support/restore-progress.ts';
import { scenario } from '../support/scenario.ts';
import type { Workspace } from '../support/workspace.ts';

/** Steps that every restore goes through within seconds. */
const passingSteps = ['Provisioning', 'Restoring', 'Proven', 'Binding'] as const;

describe('a controller killed with SIGKILL', () => {
  const { cluster, killer } = killingGround();

  /** Kills the acting controller when a restore reaches a step. Resolves once it is dead, to the step that was seen. */
  async function killAt(workspace: Workspace, step: RestorePhase): Promise<{ readonly dead: Promise<RestorePhase> }> {
    await untilAvailable(cluster(), 'controller');
    const { metadata } = await workspace.eventually('a controller to act', () => actingController(cluster()));
    let killed: Promise<number> | undefined;
    const { reached } = await watchForStep(workspace, step, () => {
      killed = killer().kill(metadata.uid);
    });
    const bury = async (): Promise<RestorePhase> => {
      const at = await reached;
      expect(await killed).toBeGreaterThan(0);
      // A new pod takes its place without the growing pauses that the kubelet makes before a restart.
      const ref = { namespace: SYSTEM_NAMESPACE, name: metadata.name };
      await cluster().client.delete(pods, ref, { gracePeriodSeconds: 0 });
      return at;
    };
    return { dead: bury() };
  }

  async function expectRestored(workspace: Workspace, checksum: string): Promise<void> {
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum });
    await untilTold(workspace, 'notes', 'RestoreCompleted', /restored and proven/);
    await untilRestore(workspace, 'notes', 'Completed');
    expect(await cluster().client.list(volumeRestores, { namespace: workspace.namespace })).toHaveLength(1);
  }

  for (const step of passingSteps) {
    scenario(
      `invariants 1 and 7: at the step ${step}: the next one ends the restore well, and nothing is left over`,
      async ({ workspace, annotate }) => {
        const backup = await seedBackup(workspace, 'notes');
        const { dead } = await killAt(workspace, step);
        await deploy(workspace, 'notes', { tier: 'hourly' });
        expect(await dead).toBe(step);
        await annotate(`it left the restore at ${(await restoreOf(workspace, 'notes'))?.status?.phase ?? 'no step'}`);
        await expectRestored(workspace, backup.checksum);
      },
    );
  }

  scenario(
    'invariants 1, 3 and 7: at the step Probing, while it waits: the next one ends the restore well, then backs up',
    async ({ workspace }) => {
      const tier = await makeOwnTier(workspace);
      await untilDestination(workspace, tier, true);
      const backup = await seedBackup(workspace, 'notes', tier);
      await setSecretKey(workspace, tier, 'not-the-key');
      await untilDestination(workspace, tier, false);
      const { dead } = await killAt(workspace, 'Probing');
      await deploy(workspace, 'notes', { tier: tier.name });
      expect(await dead).toBe('Probing');
      expect((await restoreOf(workspace, 'notes'))?.status?.snapshot).toBeUndefined();
      await setSecretKey(workspace, tier, cluster().environment.s3.secretAccessKey);
      await expectRestored(workspace, backup.checksum);
      await protect(workspace, 'notes');
    },
  );
});
