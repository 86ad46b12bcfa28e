import { beforeEach, describe, expect, it } from 'vitest';
import { backupPolicies } from '../../api/resource-kinds.ts';
import { persistentVolumeClaims, storageClasses } from '../../kube/model/built-in-kinds.ts';
import { replicationDestinations } from '../../engines/volsync/kinds.ts';
import { moverRestores } from '../../engines/mover/restore.ts';
import { createRepositoryCache } from '../../repositories/restic/repository-cache.ts';
import { childOf } from '#doubles/kube/json.ts';
import { remember } from '#simulation/past.ts';
import { CLAIM_REF, World } from '#simulation/world.ts';
import { chooseEngine } from './choose-engine.ts';

let world: World;

beforeEach(async () => {
  world = new World();
  world.truth.save({ files: 41, sizeBytes: 8_000_000, complete: true }, world.now() - 3_600_000);
  remember(world);
  world.server.change(backupPolicies, { name: 'hourly' }, (policy) => {
    childOf(policy, 'spec')['engine'] = 'Restic';
  });
  world.createClaim('restore');
});

/** Chooses by copies that hold all there is; the choice as it is recorded, and what was told. */
async function choose() {
  await world.until(({ restore }) => restore?.status?.snapshot !== undefined);
  world.process.copies.seeEverything();
  const { context } = world.process;
  const engine = moverRestores(context, 'restic:1');
  const tools = { context, cache: createRepositoryCache(), engines: { VolSync: engine, Restic: engine } };
  const { restore, claim } = world;
  if (restore === undefined || claim === undefined) expect.unreachable();
  await chooseEngine(tools, { restore, claim });
  const told = world.events.filter(({ reason }) => reason === 'OtherEngine').map(({ message }) => message);
  return { engine: world.restore?.status?.engine, told: [...new Set(told)] };
}

describe('the engine of a restore', () => {
  it('is the one that the tier asks for', async () => {
    expect(await choose()).toEqual({ engine: 'Restic', told: [] });
  });

  it('is another one where the volume would be named after a claim among the movers, and that is told', async () => {
    const name = world.claim?.spec.storageClassName ?? '';
    world.server.change(storageClasses, { name }, (storageClass) => {
      childOf(storageClass, 'parameters')['subDir'] = '${pvc.metadata.namespace}';
    });
    const { engine, told } = await choose();
    expect(engine).toBeUndefined();
    expect(told).toEqual([expect.stringContaining(`volumes of class ${name} are named after their claim`)]);
  });

  it('is another one where the claim names no class that there is', async () => {
    world.server.change(persistentVolumeClaims, CLAIM_REF, (claim) => {
      childOf(claim, 'spec')['storageClassName'] = 'gone';
    });
    const { engine, told } = await choose();
    expect(engine).toBeUndefined();
    expect(told).toEqual([expect.stringContaining('StorageClass gone does not exist')]);
  });

  it('is none, and neither told nor begun, where only VolSync could and is not installed', async () => {
    world.process.client.refuse(replicationDestinations, { code: 404, detail: '404 page not found' });
    world.server.change(persistentVolumeClaims, CLAIM_REF, (claim) => {
      childOf(claim, 'spec')['storageClassName'] = 'gone';
    });
    expect(await choose()).toEqual({ engine: undefined, told: [] });
    const held = world.restore?.status?.conditions?.find(({ type }) => type === 'Ready');
    expect(held).toMatchObject({ status: 'False', reason: 'EngineMissing' });
    expect(held?.message).toContain('StorageClass gone does not exist');
    expect(held?.message).toContain("VolSync's CRDs are missing");
  });

  it('is the one that the tier asks for without VolSync, too', async () => {
    world.process.client.refuse(replicationDestinations, { code: 404, detail: '404 page not found' });
    expect(await choose()).toEqual({ engine: 'Restic', told: [] });
  });

  it('is not spoken of where the tier asks for nothing else', async () => {
    world.server.change(backupPolicies, { name: 'hourly' }, (policy) => {
      delete childOf(policy, 'spec')['engine'];
    });
    expect(await choose()).toEqual({ engine: undefined, told: [] });
  });
});
