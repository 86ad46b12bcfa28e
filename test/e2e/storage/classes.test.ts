import { readdir, readFile } from 'node:fs/promises';

import { describe, expect } from 'vitest';

import { persistentVolumeClaims, persistentVolumes } from '../../../src/kube/model/built-in-kinds.ts';
import { deploy, inApplication, lifeOf, remove, startPod, stopPod } from '../support/application.ts';
import { scenario } from '../support/scenario.ts';
import { createStaticVolume } from '../support/static-volume.ts';
import type { Workspace } from '../support/workspace.ts';

/** No label: these tests are of the cluster's storage, not of backups. */
const ofClass = (storageClassName: string, storage = '64Mi') => ({
  storageClassName,
  spec: { resources: { requests: { storage } } },
});

const capacityOf = async (workspace: Workspace, name: string): Promise<string | undefined> =>
  (await workspace.claim(name)).status?.capacity?.['storage'];

/** The files behind this machine's loop devices, which is the node's (Documentation/ABI/testing/sysfs-block-loop). */
async function imagesInUse(): Promise<string[]> {
  const devices = (await readdir('/sys/block')).filter((device) => device.startsWith('loop'));
  // A device that is free has no such file.
  return await Promise.all(
    devices.map((device) => readFile(`/sys/block/${device}/loop/backing_file`, 'utf8').catch(() => '')),
  );
}

describe.concurrent('the storage of the local cluster', () => {
  describe.for(['ext4-immediate', 'ext4-wffc', 'hostdir-nosnap', 'hostdir-nofsgroup', 'local-path'])(
    'the class %s',
    (storageClassName) => {
      scenario('gives a volume that keeps what is written, and takes it back', async ({ workspace }) => {
        await deploy(workspace, 'notes', ofClass(storageClassName));
        const { checksum } = await lifeOf(workspace, 'notes');
        await stopPod(workspace, 'notes');
        await startPod(workspace, 'notes');
        expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum });
        const { volumeName = '' } = (await workspace.claim('notes')).spec;
        await remove(workspace, 'notes');
        await workspace.eventually('the volume to be gone', async () => {
          return (await workspace.client.get(persistentVolumes, { name: volumeName })) === undefined;
        });
      });
    },
  );

  scenario('an ext4 volume has a lost+found, and is full when it is full', async ({ workspace }) => {
    await deploy(workspace, 'notes', ofClass('ext4-immediate'));
    await lifeOf(workspace, 'notes');
    const printed = await inApplication(
      workspace,
      'notes',
      'stat -c %F lost+found; head -c 90M /dev/zero 2>&1 > big || true; df --output=avail . | tail -1',
    );
    expect(printed).toMatch(/^directory\n.*No space left on device\n +\d{1,2}$/s);
  });

  scenario('an ext4 volume grows, while it is used or when it is next used', async ({ workspace }) => {
    const { client, namespace } = workspace;
    await deploy(workspace, 'notes', ofClass('ext4-immediate'));
    const { checksum } = await lifeOf(workspace, 'notes');
    await client.mergePatch(
      persistentVolumeClaims,
      { namespace, name: 'notes' },
      { spec: { resources: { requests: { storage: '128Mi' } } } },
    );
    const { volumeName = '' } = (await workspace.claim('notes')).spec;
    await workspace.eventually('the image to have grown', async () => {
      const volume = ['get', 'persistentvolume', volumeName, '-o', 'jsonpath={.spec.capacity.storage}'];
      return (await workspace.cluster.kubectl(volume)) === '128Mi';
    });
    // Where the kernel lets no mounted file system grow, the node must have let go of it before the next pod comes.
    await stopPod(workspace, 'notes');
    await workspace.eventually('the node to have let go of the volume', async () => {
      return !(await imagesInUse()).some((image) => image.includes(volumeName));
    });
    await startPod(workspace, 'notes');
    await workspace.eventually('the volume to have grown', async () => {
      return (await capacityOf(workspace, 'notes')) === '128Mi';
    });
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum });
    const size = await inApplication(workspace, 'notes', 'df --block-size=1M --output=size . | tail -1');
    expect(Number(size)).toBeGreaterThan(100);
  });

  scenario('a static volume is bound when a pod comes, and emptied again by Recycle', async ({ workspace }) => {
    const { name } = (await createStaticVolume(workspace, 'by-hand', { reclaimPolicy: 'Recycle' })).metadata;
    await deploy(workspace, 'notes', ofClass('static'));
    expect((await lifeOf(workspace, 'notes')).origin).toBe('blank');
    expect((await workspace.claim('notes')).spec.volumeName).toBe(name);
    await remove(workspace, 'notes');
    await workspace.eventually('the volume to be available again', async () => {
      return (await workspace.client.get(persistentVolumes, { name }))?.status?.phase === 'Available';
    });
    await deploy(workspace, 'notes', ofClass('static'));
    expect((await lifeOf(workspace, 'notes')).origin).toBe('blank');
  });
});
