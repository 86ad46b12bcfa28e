import { beforeEach, describe, expect, it } from 'vitest';
import { COLLAPSE_ANNOTATION, MOVER_USER_ANNOTATION } from '../../api/labels.ts';
import { persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { backupPolicies } from '../../api/resource-kinds.ts';
import { childOf } from '#doubles/kube/json.ts';
import { CLAIM_REF, World } from '#simulation/world.ts';

const HOUR_MILLISECONDS = 3_600_000;
const DAY_MILLISECONDS = 24 * HOUR_MILLISECONDS;
const full = { files: 41, sizeBytes: 8_000_000, complete: true };

let world: World;

function annotate(key: string, value: string): void {
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[key] = value;
  });
}

beforeEach(async () => {
  world = new World({ retention: { last: 3 } });
  world.createClaim('fresh');
  world.scale(1);
  await world.until((one) => one.isAppRunning);
  world.write((before) => ({ ...before, ...full }));
  await world.until(({ schedule }) => schedule !== undefined);
  world.wait(HOUR_MILLISECONDS);
  world.backUp('complete');
  await world.calmRound();
  await world.calmRound();
});

describe('invariant 4: the last good backup outlives runs that the controller cannot judge', () => {
  it.each([
    ['for an annotation that is misspelt', () => annotate(COLLAPSE_ANNOTATION, 'yes')],
    ['for a mover user that is malformed', () => annotate(MOVER_USER_ANNOTATION, 'root')],
    ['for its tier is gone', () => world.server.delete(backupPolicies, { name: 'hourly' })],
  ])('%s', async (_, spoil) => {
    const good = world.truth.newest?.id;
    spoil();
    await world.calmRound();
    world.write((content) => ({ ...content, files: 3, sizeBytes: 1000 }));
    for (let day = 0; day < 8; day += 1) {
      world.wait(DAY_MILLISECONDS);
      world.backUp('complete');
      await world.calmRound();
    }
    expect(world.truth.snapshots.length).toBeGreaterThan(2);
    expect(world.truth.snapshots.map(({ id }) => id)).toContain(good);
  });
});
