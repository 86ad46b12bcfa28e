import { describe, expect } from 'vitest';

import { namespaces } from '../../../src/kube/model/built-in-kinds.ts';
import { checksumOf, deploy, inApplication, lifeOf, remove } from '../support/application.ts';
import { untilTold } from '../support/claim-story.ts';
import { annotate, protect } from '../support/protection.ts';
import { scenario } from '../support/scenario.ts';
import { compareMetadata, decorateScript, metadataOf } from '../support/volume-metadata.ts';

/**
 * What this engine does not bring back of {@link decorateScript}: the top folder's mode, capabilities, ACLs, holes. Of the ACL its mask is
 * left as the mode of the group, which is more than the group had. An attribute, a hard link and all times do come back.
 */
const lost = [
  { path: '.', aspect: 'mode', before: '711', after: '755' },
  {
    path: './program',
    aspect: 'attributes',
    before: 'security.capability=0x0100000200040000000000000000000000000000',
    after: 'nothing',
  },
  {
    path: './shared',
    aspect: 'acl',
    before: 'user::rw- user:1234:rw- group::r-- mask::rw- other::---',
    after: 'nothing',
  },
  { path: './sparse', aspect: 'on disk', before: 'sparse', after: 'full' },
];

describe.concurrent('volumes that are ext4 file systems of their real size', () => {
  describe.for(['ext4-immediate', 'ext4-wffc'])('of the class %s', (storageClassName) => {
    scenario(
      'invariant 11: come back with all bytes, links and times, and lose what is known',
      async ({ workspace }) => {
        const options = { tier: 'hourly', storageClassName, spec: { resources: { requests: { storage: '96Mi' } } } };
        await deploy(workspace, 'notes', options);
        expect((await lifeOf(workspace, 'notes')).origin).toBe('blank');
        await inApplication(workspace, 'notes', decorateScript);
        const [checksum, before] = [await checksumOf(workspace, 'notes'), await metadataOf(workspace, 'notes')];
        await protect(workspace, 'notes');

        await remove(workspace, 'notes');
        await deploy(workspace, 'notes', options);
        const life = await lifeOf(workspace, 'notes');
        const after = await metadataOf(workspace, 'notes');
        expect(life).toEqual({ origin: 'filled', checksum });
        expect(compareMetadata(before, after)).toEqual(lost);
      },
    );
  });

  scenario('invariant 10: a file of another owner keeps the claim waiting, and is named', async ({ workspace }) => {
    const options = { tier: 'hourly', storageClassName: 'ext4-immediate' };
    await deploy(workspace, 'notes', options);
    await lifeOf(workspace, 'notes');
    await inApplication(workspace, 'notes', 'chown 1234:5678 nothing');
    await protect(workspace, 'notes');
    await remove(workspace, 'notes');
    await deploy(workspace, 'notes', options);
    const told = await untilTold(workspace, 'notes', 'RestoreFailing', /nothing: lchown .*: operation not permitted/);
    expect(told.type).toBe('Warning');
    expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
    await remove(workspace, 'notes');
  });

  scenario('files of several owners come back where the namespace allows privileged movers', async ({ workspace }) => {
    const options = { tier: 'hourly', storageClassName: 'ext4-immediate' };
    const { client, namespace } = workspace;
    await client.mergePatch(
      namespaces,
      { name: namespace },
      { metadata: { annotations: { 'volsync.backube/privileged-movers': 'true' } } },
    );
    await deploy(workspace, 'notes', options);
    await annotate(workspace, 'notes', { 'rebound.dev/mover-user': '1234:5678' });
    await lifeOf(workspace, 'notes');
    await inApplication(workspace, 'notes', 'chown 1234:5678 nothing; chown 33:34 secret');
    const before = await metadataOf(workspace, 'notes');
    await protect(workspace, 'notes');
    await remove(workspace, 'notes');
    await deploy(workspace, 'notes', options);
    expect((await lifeOf(workspace, 'notes')).origin).toBe('filled');
    expect(compareMetadata(before, await metadataOf(workspace, 'notes')).filter(({ path }) => path !== '.')).toEqual(
      [],
    );
  });
});
