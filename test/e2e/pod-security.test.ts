import { describe, expect } from 'vitest';

import { MOVER_USER_ANNOTATION } from '../../src/api/labels.ts';
import { events, namespaces } from '../../src/kube/model/built-in-kinds.ts';
import { deploy, lifeOf, remove, RESTRICTED_USER, startPod } from './support/application.ts';
import { describeClaim, untilTold } from './support/claim-story.ts';
import { annotate, protect } from './support/protection.ts';
import { seedBackup } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

const restricted = { tier: 'hourly', restricted: true } as const;
const fitting = `${RESTRICTED_USER}:${RESTRICTED_USER}:${RESTRICTED_USER}`;
const violation = /violates PodSecurity "restricted:latest".*rebound\.dev\/mover-user/;

const enforceRestricted = ({ client, namespace }: Workspace) =>
  client.mergePatch(
    namespaces,
    { name: namespace },
    { metadata: { labels: { 'pod-security.kubernetes.io/enforce': 'restricted' } } },
  );

describe.concurrent('a namespace that enforces the restricted Pod Security Standard', () => {
  scenario('has its claims backed up and restored like any other, and nothing is refused', async ({ workspace }) => {
    const { client, namespace } = workspace;
    await enforceRestricted(workspace);
    await deploy(workspace, 'notes', restricted);
    const first = await lifeOf(workspace, 'notes');
    expect(first.origin).toBe('blank');
    await protect(workspace, 'notes');
    await remove(workspace, 'notes');
    await deploy(workspace, 'notes', restricted);
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: first.checksum });
    await protect(workspace, 'notes');
    const refused = (await client.list(events, { namespace })).filter(({ message }) =>
      message?.includes('PodSecurity'),
    );
    expect(refused.map(({ message }) => message)).toEqual([]);
  });

  scenario(
    'invariants 1, 10 and 14: a restore whose mover nobody names a user for is told, and the annotation cures it',
    async ({ workspace }) => {
      await enforceRestricted(workspace);
      const backup = await seedBackup(workspace, 'notes', { owner: RESTRICTED_USER });
      await workspace.createClaim('notes', { tier: 'hourly' });
      await untilTold(workspace, 'notes', 'WaitingForMover', violation);
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      await annotate(workspace, 'notes', { [MOVER_USER_ANNOTATION]: fitting });
      await workspace.untilBound('notes');
      await startPod(workspace, 'notes', restricted);
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    },
  );

  scenario(
    'invariants 1, 10 and 14: a restore that is to run as root is told before anything runs, and another user cures it',
    async ({ workspace }) => {
      await enforceRestricted(workspace);
      const backup = await seedBackup(workspace, 'notes', { owner: RESTRICTED_USER });
      await workspace.createClaim('notes', { tier: 'hourly', annotations: { [MOVER_USER_ANNOTATION]: '0' } });
      await untilTold(workspace, 'notes', 'RestoreHeld', violation);
      expect(await describeClaim(workspace, 'notes')).toContain('no data is at risk');
      await annotate(workspace, 'notes', { [MOVER_USER_ANNOTATION]: fitting });
      await workspace.untilBound('notes');
      await startPod(workspace, 'notes', restricted);
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    },
  );
});
