import { describe, expect } from 'vitest';

import { PRIME_ROLE, ROLE_LABEL } from '../../src/api/labels.ts';
import {
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
  type StorageClass,
  storageClasses,
} from '../../src/kube/model/built-in-kinds.ts';
import { checksumOf, deploy, lifeOf, remove, startPod, stopPod } from './support/application.ts';
import { describeClaim, untilTold } from './support/claim-story.ts';
import { seedBackup } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';
import { createStaticVolume, startBesideVolume, type StaticVolumeOptions } from './support/static-volume.ts';
import type { Workspace } from './support/workspace.ts';

type ReclaimPolicy = NonNullable<StaticVolumeOptions['reclaimPolicy']>;

/** Another application's volume, with its files, which nobody claims at the moment. */
async function offerForeignVolume(workspace: Workspace, name: string, options: StaticVolumeOptions) {
  const { metadata } = await createStaticVolume(workspace, name, options);
  await startBesideVolume(workspace, name, name);
  const { checksum } = await lifeOf(workspace, name);
  return { volume: { name: metadata.name }, checksum };
}

/** A claim with a backup, in the class of another application's volume: it waits, and that volume stays as it is. */
async function expectUntouched(workspace: Workspace, storageClassName: string, reclaimPolicy: ReclaimPolicy) {
  const { client } = workspace;
  const name = reclaimPolicy.toLowerCase();
  const { volume, checksum } = await offerForeignVolume(workspace, name, { storageClassName, reclaimPolicy });
  await workspace.createClaim('notes', { tier: 'hourly', storageClassName });
  await startPod(workspace, 'notes');
  const told = await untilTold(workspace, 'notes', 'RestoreHeld', new RegExp(volume.name));
  expect(told.type).toBe('Warning');
  expect(told.message).toContain('nothing was written into it');
  expect(await describeClaim(workspace, 'notes')).toContain(`kubectl annotate pv ${volume.name}`);
  await workspace.eventually('the volume to be available again', async () => {
    const { spec, status } = (await client.get(persistentVolumes, volume)) ?? {};
    return status?.phase === 'Available' && spec?.claimRef === undefined ? true : undefined;
  });
  const left = await client.get(persistentVolumes, volume);
  expect(left?.spec.persistentVolumeReclaimPolicy).toBe(reclaimPolicy);
  expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
  expect(await checksumOf(workspace, name)).toBe(checksum);

  await remove(workspace, 'notes');
  expect(await checksumOf(workspace, name)).toBe(checksum);
  await client.delete(persistentVolumes, volume);
  await stopPod(workspace, name);
}

/** A class of one test: no other's volumes fit its claims. */
async function createClass(
  workspace: Workspace,
  spec: Pick<StorageClass, 'provisioner' | 'parameters' | 'volumeBindingMode'>,
): Promise<string> {
  const { client, namespace: name } = workspace;
  workspace.onEnd(() => client.delete(storageClasses, { name }));
  await client.create(storageClasses, { metadata: { name }, reclaimPolicy: 'Delete', ...spec });
  return name;
}

/** Only volumes that are made by hand, for claims that wait for no pod. */
const manual = { provisioner: 'kubernetes.io/no-provisioner', volumeBindingMode: 'Immediate' };

async function primeOf({ client, namespace }: Workspace): Promise<PersistentVolumeClaim | undefined> {
  const found = await client.list(persistentVolumeClaims, { namespace, labelSelector: `${ROLE_LABEL}=${PRIME_ROLE}` });
  return found.find(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** When somebody deletes what has to do with a volume that a prime claim takes. */
const moments = [
  'the volume is there',
  'the volume names the prime claim',
  'the prime claim names the volume',
] as const;

/** The moment has passed, too, once the prime claim was given up: the controller was faster. */
async function untilMoment(
  workspace: Workspace,
  volumeName: string,
  { prime, moment }: { readonly prime: PersistentVolumeClaim; readonly moment: (typeof moments)[number] },
): Promise<void> {
  const { client } = workspace;
  await workspace.eventually(moment, async () => {
    const volume = await client.get(persistentVolumes, { name: volumeName });
    const now = await client.get(persistentVolumeClaims, prime.metadata);
    if (now?.metadata.uid !== prime.metadata.uid || now.metadata.deletionTimestamp !== undefined) return true;
    if (moment === 'the volume names the prime claim') return volume?.spec.claimRef !== undefined;
    return moment === 'the volume is there' || now.spec.volumeName === volumeName;
  });
}

/** A volume that becomes free while a claim waits for a new one, and what was to get it goes at once. */
async function takeAndLeave(
  workspace: Workspace,
  { deleted, moment }: { readonly deleted: 'claim' | 'prime claim'; readonly moment: (typeof moments)[number] },
): Promise<void> {
  const { client, namespace } = workspace;
  const storageClassName = namespace;
  await workspace.createClaim('notes', { tier: 'hourly', storageClassName });
  const prime = await workspace.eventually('the prime claim', () => primeOf(workspace));
  const made = await createStaticVolume(workspace, 'theirs', { storageClassName, reclaimPolicy: 'Delete' });
  const volume = { name: made.metadata.name };
  await untilMoment(workspace, volume.name, { prime, moment });
  const name = deleted === 'claim' ? 'notes' : prime.metadata.name;
  await client.delete(persistentVolumeClaims, { namespace, name });
  await workspace.eventually('the volume to be available, with its policy', async () => {
    const { metadata, spec, status } = (await client.get(persistentVolumes, volume)) ?? {};
    const isAsBefore = spec?.claimRef === undefined && spec?.persistentVolumeReclaimPolicy === 'Delete';
    return isAsBefore && status?.phase === 'Available' && metadata?.annotations === undefined;
  });
  await remove(workspace, 'notes');
  await workspace.eventually('the prime claim to be gone', async () => (await primeOf(workspace)) === undefined);
  await client.delete(persistentVolumes, volume);
  // Kubernetes takes its protection off first, and the next one has the same name.
  const isGone = async () => (await client.get(persistentVolumes, volume)) === undefined;
  await workspace.eventually('the volume to be gone', isGone);
}

describe.concurrent("another application's volume that fits a claim with a backup", () => {
  for (const storageClassName of ['', 'static']) {
    scenario(
      `invariant 12: keeps its files in class "${storageClassName}", whatever its reclaim policy, and the claim says so`,
      async ({ workspace }) => {
        await seedBackup(workspace, 'notes');
        await expectUntouched(workspace, storageClassName, 'Delete');
        await expectUntouched(workspace, storageClassName, 'Recycle');
      },
    );
  }

  scenario(
    'invariant 12: keeps its files when it becomes free beside a claim that waits, is taken, and the claim or the prime claim goes at once',
    async ({ workspace }) => {
      await createClass(workspace, manual);
      await seedBackup(workspace, 'notes');
      await startBesideVolume(workspace, 'theirs', 'theirs');
      const { checksum } = await lifeOf(workspace, 'theirs');
      for (const moment of [...moments, ...moments]) {
        for (const deleted of ['claim', 'prime claim'] as const) {
          await takeAndLeave(workspace, { deleted, moment });
          expect(await checksumOf(workspace, 'theirs')).toBe(checksum);
        }
      }
    },
  );

  scenario(
    'invariant 12: keeps its files beside claims that are deleted as soon as they are made',
    async ({ workspace }) => {
      const storageClassName = await createClass(workspace, manual);
      await seedBackup(workspace, 'notes');
      const { volume, checksum } = await offerForeignVolume(workspace, 'ready', {
        storageClassName,
        reclaimPolicy: 'Delete',
      });
      for (let attempt = 0; attempt < 20; attempt += 1) {
        await workspace.createClaim('notes', { tier: 'hourly', storageClassName });
        await remove(workspace, 'notes');
      }
      expect(await checksumOf(workspace, 'ready')).toBe(checksum);
      expect(await workspace.client.get(persistentVolumes, volume)).toMatchObject({
        spec: { persistentVolumeReclaimPolicy: 'Delete' },
        status: { phase: 'Available' },
      });
    },
  );

  scenario(
    'invariants 5 and 12: keeps its files beside a claim that chooses another one by a selector, which is told what that means',
    async ({ workspace }) => {
      const storageClassName = 'static';
      await seedBackup(workspace, 'notes');
      const labels = { app: workspace.namespace };
      // Larger than the claim of the other scenario takes as long as there is a smaller one.
      const options = { storageClassName, capacity: '128Mi' };
      const foreign = await offerForeignVolume(workspace, 'foreign', { ...options, reclaimPolicy: 'Delete' });
      const own = await createStaticVolume(workspace, 'own', { ...options, labels });
      await deploy(workspace, 'notes', {
        tier: 'hourly',
        storageClassName,
        spec: { selector: { matchLabels: labels } },
      });
      expect((await lifeOf(workspace, 'notes')).origin).toBe('blank');
      const claim = await workspace.claim('notes');
      expect(claim.spec.volumeName).toBe(own.metadata.name);
      expect(claim.metadata.annotations).toMatchObject({ 'rebound.dev/decision': 'ignore' });
      expect(await describeClaim(workspace, 'notes')).toContain('chooses its volume by a spec.selector');
      expect(await checksumOf(workspace, 'foreign')).toBe(foreign.checksum);
    },
  );

  scenario('takes a backup where it is offered, is empty, and its class has no provisioner', async ({ workspace }) => {
    const backup = await seedBackup(workspace, 'notes');
    const annotations = { 'rebound.dev/may-fill': 'true' };
    const { metadata } = await createStaticVolume(workspace, 'offered', { capacity: '48Mi', annotations });
    const spec = { resources: { requests: { storage: '40Mi' } } };
    await deploy(workspace, 'notes', { tier: 'hourly', storageClassName: 'static', spec });
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    expect((await workspace.claim('notes')).spec.volumeName).toBe(metadata.name);
  });
});

/** A class that gives one folder of the node to all its claims, as a careless `pathPattern` does. */
const createSharingClass = (workspace: Workspace): Promise<string> =>
  createClass(workspace, {
    provisioner: 'rancher.io/local-path',
    parameters: { pathPattern: `shared-${workspace.namespace}` },
    volumeBindingMode: 'WaitForFirstConsumer',
  });

describe.concurrent('a class whose new volumes are full', () => {
  scenario(
    'invariant 12: keeps the files that are there, and the claim names them and says what to do',
    async ({ workspace }) => {
      const { client, namespace } = workspace;
      await seedBackup(workspace, 'notes');
      const storageClassName = await createSharingClass(workspace);
      await deploy(workspace, 'theirs', { storageClassName });
      const { checksum } = await lifeOf(workspace, 'theirs');
      await workspace.createClaim('notes', { tier: 'hourly', storageClassName });
      await startPod(workspace, 'notes');
      const told = await untilTold(workspace, 'notes', 'RestoreHeld', /is not empty: it holds /);
      expect(told.type).toBe('Warning');
      const prime = await primeOf(workspace);
      const volume = { name: prime?.spec.volumeName ?? '' };
      expect(told.message).toContain(volume.name);
      expect((await client.get(persistentVolumes, volume))?.spec.persistentVolumeReclaimPolicy).toBe('Retain');
      expect(await describeClaim(workspace, 'notes')).toContain('rebound.dev/restore: none');
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      expect(await checksumOf(workspace, 'theirs')).toBe(checksum);
      await remove(workspace, 'notes');
      await workspace.eventually('the prime claim to be gone', async () => {
        const ref = { namespace, name: prime?.metadata.name ?? '' };
        return (await client.get(persistentVolumeClaims, ref)) === undefined;
      });
      expect(await checksumOf(workspace, 'theirs')).toBe(checksum);
      expect((await client.get(persistentVolumes, volume))?.spec.persistentVolumeReclaimPolicy).toBe('Retain');
      // It stays for a person to look at.
      await client.delete(persistentVolumes, volume);
    },
  );
});
