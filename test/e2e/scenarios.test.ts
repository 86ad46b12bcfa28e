import { describe, expect } from 'vitest';
import { z } from 'zod';

import { persistentVolumeClaims } from '../../src/kube/model/built-in-kinds.ts';
import { deploy, lifeOf, remove, startPod } from './support/application.ts';
import { describeClaim, reasonsOf, storyOf, untilTold } from './support/claim-story.ts';
import { protect, protectionOf } from './support/protection.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

/** The claim as `kubectl get pvc -o yaml` exports it: with all that the API server and Rebound put in. */
async function exportClaim(workspace: Workspace, name: string): Promise<Record<string, unknown>> {
  const words = ['-n', workspace.namespace, 'get', 'pvc', name, '-o', 'json'];
  return z.record(z.string(), z.unknown()).parse(JSON.parse(await workspace.cluster.kubectl(words)));
}

const exportedClaim = z.looseObject({
  metadata: z.looseObject({ annotations: z.record(z.string(), z.string()) }),
  spec: z.record(z.string(), z.unknown()),
});

/**
 * Takes out what Kubernetes itself does not accept in a new claim, and nothing else: the old decision, the old reference
 * to a VolumeRestore and the old status stay in.
 */
function stripServerFields(exported: Record<string, unknown>): Record<string, unknown> {
  const { metadata, spec } = exportedClaim.parse(exported);
  const { uid: _uid, resourceVersion: _version, annotations, ...keptMetadata } = metadata;
  const { volumeName: _volume, ...keptSpec } = spec;
  // With this annotation and no volume, the volume controller calls a claim lost.
  const { 'pv.kubernetes.io/bind-completed': _bound, ...keptAnnotations } = annotations;
  return { ...exported, metadata: { ...keptMetadata, annotations: keptAnnotations }, spec: keptSpec };
}

describe.concurrent('the four scenarios', () => {
  scenario('a first application starts blank and is backed up', async ({ workspace, contents }) => {
    await deploy(workspace, 'notes', { tier: 'hourly' });
    const life = await lifeOf(workspace, 'notes');
    expect(life.origin).toBe('blank');
    const snapshot = await protect(workspace, 'notes');

    expect(await contents.snapshotIds(workspace, 'notes')).toContain(snapshot.id);
    const ledger = await contents.ledger(workspace, 'notes');
    expect(ledger.lastGoodBackup).toMatchObject({ snapshotId: snapshot.id, files: 24 });
    const { uid, annotations } = (await workspace.claim('notes')).metadata;
    expect(ledger.claimUid).toBe(uid);
    expect(annotations).toMatchObject({ 'rebound.dev/decision': 'fresh' });
    expect(await reasonsOf(workspace, 'notes')).toContain('Protected');
    expect(await describeClaim(workspace, 'notes')).toMatch(/Protected .*rebound +Snapshot [0-9a-f]{8} of /);
  });

  scenario(
    'invariant 1: an application that is removed and added again comes back with its data',
    async ({ workspace, contents }) => {
      await deploy(workspace, 'notes', { tier: 'hourly' });
      const first = await lifeOf(workspace, 'notes');
      const snapshot = await protect(workspace, 'notes');
      const before = await workspace.claim('notes');
      await remove(workspace, 'notes');

      await deploy(workspace, 'notes', { tier: 'hourly' });
      const second = await lifeOf(workspace, 'notes');
      expect(second).toEqual({ origin: 'filled', checksum: first.checksum });

      const claim = await workspace.claim('notes');
      expect(claim.metadata.uid).not.toBe(before.metadata.uid);
      expect(claim.status?.phase).toBe('Bound');
      expect(claim.spec.dataSourceRef).toMatchObject({ apiGroup: 'rebound.dev', kind: 'VolumeRestore' });
      const story = await untilTold(workspace, 'notes', 'RestoreCompleted', /restored and proven/);
      expect(story.message).toContain(snapshot.id.slice(0, 8));
      expect(await reasonsOf(workspace, 'notes')).toEqual(
        expect.arrayContaining(['Restoring', 'RestoreProven', 'RestoreCompleted']),
      );
      const warnings = (await storyOf(workspace, 'notes')).filter(
        ({ type, reportingComponent }) => type === 'Warning' && reportingComponent === 'rebound',
      );
      expect(warnings.map(({ message }) => message)).toEqual([]);
      const proof = (await protectionOf(workspace, 'notes'))?.status?.lastProof;
      expect(proof?.snapshot?.id).toBe(snapshot.id);
      const next = await protect(workspace, 'notes');
      expect(await contents.snapshotIds(workspace, 'notes')).toEqual(expect.arrayContaining([snapshot.id, next.id]));
    },
  );

  scenario('a new application in a namespace that has others starts blank', async ({ workspace }) => {
    await deploy(workspace, 'old', { tier: 'hourly' });
    const old = await lifeOf(workspace, 'old');
    await protect(workspace, 'old');

    await deploy(workspace, 'new', { tier: 'daily' });
    const life = await lifeOf(workspace, 'new');
    expect(life.origin).toBe('blank');
    expect(life.checksum).not.toBe(old.checksum);
    expect((await workspace.claim('new')).spec.dataSourceRef).toBeUndefined();
    await protect(workspace, 'new');
  });

  scenario(
    'invariant 1: a claim exported from a cluster, with the old decision in it, is decided afresh',
    async ({ workspace }) => {
      await deploy(workspace, 'notes', { tier: 'hourly' });
      const first = await lifeOf(workspace, 'notes');
      await protect(workspace, 'notes');
      const blankExport = await exportClaim(workspace, 'notes');
      await remove(workspace, 'notes');

      await applyExported(workspace, blankExport);
      await startPod(workspace, 'notes');
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: first.checksum });
      const restored = await workspace.claim('notes');
      expect(restored.metadata.annotations).toMatchObject({ 'rebound.dev/decision': 'restore' });
      const restoredExport = await exportClaim(workspace, 'notes');
      await remove(workspace, 'notes');

      await applyExported(workspace, restoredExport);
      await startPod(workspace, 'notes');
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: first.checksum });
      const again = await workspace.claim('notes');
      expect(again.spec.dataSourceRef?.name).not.toBe(restored.spec.dataSourceRef?.name);
      expect(again.metadata.annotations?.['rebound.dev/decision-token']).toContain(`${workspace.namespace}/notes`);
    },
  );

  scenario('invariant 6: an unlabelled claim is not touched', async ({ workspace }) => {
    await deploy(workspace, 'scratch');
    await lifeOf(workspace, 'scratch');
    const { metadata, spec } = await workspace.claim('scratch');
    expect(Object.keys(metadata.annotations ?? {}).filter((key) => key.includes('rebound'))).toEqual([]);
    expect(spec.dataSourceRef).toBeUndefined();
    expect(await protectionOf(workspace, 'scratch')).toBeUndefined();
    const story = await reasonsOf(workspace, 'scratch');
    expect(story).not.toContain('Protected');
    const claims = await workspace.client.list(persistentVolumeClaims, { namespace: workspace.namespace });
    expect(claims.map(({ metadata: { name } }) => name)).toEqual(['scratch']);
  });
});

async function applyExported(workspace: Workspace, exported: Record<string, unknown>): Promise<void> {
  await workspace.cluster.kubectl(['apply', '-f', '-'], JSON.stringify(stripServerFields(exported)));
}
