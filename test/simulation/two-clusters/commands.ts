import fc from 'fast-check';
import { TAKE_OVER_ANNOTATION } from '../../../src/api/labels.ts';
import { persistentVolumeClaims } from '../../../src/kube/model/built-in-kinds.ts';
import { storeMoods, type StoreMood } from '#doubles/destinations/destination-double.ts';
import { childOf } from '#doubles/kube/json.ts';
import type { WriteTrouble } from '#doubles/kube/in-memory-client.ts';
import { backupEnds, type BackupEnd, restoreEnds, type RestoreEnd } from '#doubles/volsync/volsync.ts';
import { trouble } from '../commands.ts';
import { one, weighted } from '../weighted.ts';
import { CLAIM_REF, type World } from '../world.ts';
import { goOnAlone, type Pair, type Which } from './pair.ts';

/** What people do in one of the clusters, how often compared with each other, and how. */
const acts = {
  write: [6, (world: World, pair: Pair) => pair.write(world)],
  createClaim: [3, createAnew],
  recreateClaim: [3, (world: World) => world.recreateClaim()],
  deleteClaim: [1, (world: World) => world.deleteClaim()],
  removeLabel: [1, (world: World) => world.setLabel(undefined)],
  addLabel: [2, (world: World) => world.setLabel('hourly')],
  scaleUp: [4, (world: World) => world.scale(1)],
  scaleDown: [1, (world: World) => world.scale(0)],
  fallSilent: [2, (world: World, pair: Pair) => pair.asleep.add(world)],
  wakeUp: [2, (world: World, pair: Pair) => pair.asleep.delete(world)],
  takeKeys: [1, (world: World, pair: Pair) => pair.takeKeys(world)],
  giveKeys: [1, (world: World, pair: Pair) => pair.giveKeys(world)],
  askToTakeOver: [2, (world: World, pair: Pair) => askToTakeOver(world, pair.otherThan(world).clusterUid)],
  askNoMore: [2, (world: World) => askToTakeOver(world, undefined)],
} satisfies Readonly<Record<string, readonly [number, (world: World, pair: Pair) => unknown]>>;

type Act = keyof typeof acts;

/** Something that happens in one of the clusters, or to both. Where it makes no sense, nothing does. */
export type Command =
  | {
      readonly does: 'walk';
      readonly who: Which;
      readonly steps: number;
      readonly restore: RestoreEnd;
      readonly backup: BackupEnd;
      readonly trouble?: WriteTrouble | undefined;
    }
  | { readonly does: 'backUp'; readonly who: Which | 'both'; readonly end: BackupEnd }
  | { readonly does: 'restart'; readonly who: Which }
  | { readonly does: 'act'; readonly who: Which; readonly act: Act }
  | { readonly does: 'store'; readonly mood: StoreMood }
  | { readonly does: 'wait'; readonly milliseconds: number };

const who = one('first', 'second');
const restoreEnd = one('complete', 'complete', 'complete', ...restoreEnds);
/** What a mover has left that says nothing, or lies, can't be told from what another cluster's has left at the same time. */
const toldEnds = backupEnds.filter((end) => !['lied', 'mute', 'muteLie', 'repeated'].includes(end));
const backupEnd = one('complete', 'complete', ...toldEnds);
const act = one(...weighted(acts));
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      does: one('walk'),
      who,
      steps: fc.integer({ min: 1, max: 36 }),
      restore: restoreEnd,
      backup: backupEnd,
      trouble: fc.option(trouble, { nil: undefined, freq: 1 }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ does: one('backUp'), who: one('first', 'second', 'both'), end: backupEnd }) },
  { weight: 2, arbitrary: fc.record({ does: one('restart'), who }) },
  { weight: 24, arbitrary: fc.record({ does: one('act'), who, act }) },
  {
    weight: 4,
    arbitrary: fc.record({ does: one('store'), mood: one('answers', 'answers', 'answers', ...storeMoods) }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      does: one('wait'),
      milliseconds: one(MINUTE, 9 * MINUTE, HOUR, 3 * HOUR, 30 * HOUR, 80 * HOUR),
    }),
  },
);

/** Anything, in any order. */
export const commands = (maxLength: number): fc.Arbitrary<Command[]> => fc.array(command, { maxLength, size: 'max' });

/** Lets it happen. */
export async function perform(pair: Pair, happening: Command): Promise<void> {
  switch (happening.does) {
    case 'walk':
      await walk(pair, happening);
      break;
    case 'backUp':
      for (const world of happening.who === 'both' ? pair.worlds : [pair[happening.who]]) world.backUp(happening.end);
      break;
    case 'restart':
      await pair[happening.who].restart();
      break;
    case 'act':
      acts[happening.act][1](pair[happening.who], pair);
      break;
    case 'store':
      pair.first.destination.mood = happening.mood;
      break;
    case 'wait':
      pair.first.wait(happening.milliseconds);
      break;
  }
  for (const world of pair.worlds) await world.rest();
}

async function walk(pair: Pair, happening: Extract<Command, { does: 'walk' }>): Promise<void> {
  const world = pair[happening.who];
  if (pair.asleep.has(world)) {
    goOnAlone(world, happening);
    return;
  }
  world.process.client.expect(happening.trouble);
  await world.walk(happening.steps, happening);
  world.process.client.expect(undefined);
}

function createAnew(world: World): void {
  if (world.claim === undefined) world.createClaim(world.admitted());
}

/** The user of a cluster wants its backups to be that cluster's, and no more those of the other one. */
function askToTakeOver(world: World, from: string | undefined): void {
  if (world.claim === undefined) return;
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    const annotations = childOf(childOf(object, 'metadata'), 'annotations');
    if (from === undefined) Reflect.deleteProperty(annotations, TAKE_OVER_ANNOTATION);
    else annotations[TAKE_OVER_ANNOTATION] = from;
  });
}
