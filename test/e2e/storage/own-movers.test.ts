import { describe, expect } from 'vitest';

import { checksumOf, deploy, inApplication, lifeOf, startPod } from '../support/application.ts';
import { annotate, protect } from '../support/protection.ts';
import { restoreByMover } from '../support/mover-job.ts';
import { scenario } from '../support/scenario.ts';
import { compareMetadata, decorateScript, metadataOf } from '../support/volume-metadata.ts';

describe('movers of our own', () => {
  scenario(
    'invariant 11: bring back what VolSync has backed up with owners, modes, ACLs, capabilities and holes',
    async ({ workspace }) => {
      const options = {
        storageClassName: 'ext4-immediate',
        spec: { resources: { requests: { storage: '96Mi' } } },
      };
      await deploy(workspace, 'notes', { ...options, tier: 'hourly' });
      await annotate(workspace, 'notes', { 'rebound.dev/mover-user': '0:0' });
      await lifeOf(workspace, 'notes');
      await inApplication(workspace, 'notes', `${decorateScript}\nchown 1234:5678 nothing\nsync .`);
      const [checksum, before] = [await checksumOf(workspace, 'notes'), await metadataOf(workspace, 'notes')];
      const { id } = await protect(workspace, 'notes');

      const run = await restoreByMover(workspace, { claim: 'notes', snapshotId: id }, { claim: 'copy', options });
      expect(run).toMatchObject({ kind: 'proven', record: { snapshotId: id, attributesNotRestored: [] } });
      await startPod(workspace, 'copy');
      expect(await lifeOf(workspace, 'copy')).toEqual({ origin: 'filled', checksum });
      const after = await metadataOf(workspace, 'copy');
      // Backups of VolSync do not say how the top folder was.
      expect(compareMetadata(before, after).filter(({ path }) => path !== '.')).toEqual([]);
    },
  );
});
