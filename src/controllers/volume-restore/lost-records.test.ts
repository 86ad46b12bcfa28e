import { beforeEach, describe, expect, it } from 'vitest';
import { protectedVolumes, volumeRestores } from '../../api/resource-kinds.ts';
import { remember } from '#simulation/past.ts';
import { CLAIM, CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';

const full = { files: 41, sizeBytes: 8_000_000, complete: true };
const HOUR = 3_600_000;

let world: World;
beforeEach(() => {
  world = new World();
  world.truth.save(full, world.now() - HOUR);
  remember(world);
});

/** The claim was restored, is used, and has changed since. */
async function restored(): Promise<void> {
  world.createClaim('restore');
  world.scale(1);
  await world.until((one) => one.isAppRunning);
  await world.until(({ schedule }) => schedule !== undefined);
  world.write((content) => ({ ...content, ...full, files: 60 }));
}

const deleteRestores = (): void => {
  for (const { metadata } of world.server.list(volumeRestores)) world.server.delete(volumeRestores, metadata);
};

async function calm(): Promise<void> {
  for (let round = 0; round < 4; round += 1) await world.calmRound();
}

describe('invariant 8: a claim that is bound', () => {
  it.each([
    ['its VolumeRestore was', () => undefined],
    [
      'all of our records were, as when the CRDs are removed and installed again,',
      () => world.server.delete(protectedVolumes, CLAIM_REF),
    ],
  ])('is not restored again where %s deleted', async (_, deleteMore) => {
    await restored();
    deleteRestores();
    deleteMore();
    world.cluster.collect();
    await calm();
    expect(world.content?.files).toBe(60);
    expect([world.prime, ...world.attempts]).toEqual([undefined]);
    expect(world.schedule).toBeDefined();
    expect(world.protection?.status?.phase).not.toBe('Degraded');
  });
});

describe('a VolumeRestore that a tool has copied from another claim', () => {
  it('invariant 12: restores nothing', async () => {
    world.createClaim('fresh');
    world.scale(1);
    world.server.create(volumeRestores, {
      metadata: { namespace: NAMESPACE, name: 'copied' },
      spec: { claimName: CLAIM, claimUID: 'of-another-cluster', policyName: 'hourly', restore: 'latest' },
    });
    await calm();
    expect([world.prime, ...world.attempts]).toEqual([undefined]);
    expect(world.content?.files).not.toBe(full.files);
  });
});
