import fc from 'fast-check';
import type { Cluster } from '#doubles/kube/cluster.ts';
import { storeMoods, type StoreMood } from '#doubles/destinations/destination-double.ts';
import { backupEnds, type BackupEnd, restoreEnds, type RestoreEnd } from '#doubles/volsync/volsync.ts';
import type { WriteTrouble } from '#doubles/kube/in-memory-client.ts';
import type { CopyName } from '#doubles/kube/lagging-stores.ts';
import { actAsUser, type UserAct, userActs } from './user-acts.ts';
import { one } from './weighted.ts';
import type { World } from './world.ts';

type ControllerCommand =
  | {
      readonly does: 'reconcileRestores' | 'reconcileVolumes' | 'reconcileProtection';
      readonly trouble?: WriteTrouble | undefined;
    }
  | { readonly does: 'see'; readonly copy: CopyName; readonly changes: number }
  | {
      readonly does: 'walk';
      readonly steps: number;
      readonly restore: RestoreEnd;
      readonly backup: BackupEnd;
      readonly trouble?: WriteTrouble | undefined;
    }
  | { readonly does: 'seeEverything' | 'restart' };

type WorldCommand =
  | { readonly does: 'startMovers' | 'report' }
  | { readonly does: 'breakLogs'; readonly broken: boolean }
  | { readonly does: 'wait'; readonly milliseconds: number }
  | { readonly does: 'cluster'; readonly pass: keyof Cluster['passes'] }
  | { readonly does: 'endMovers'; readonly end: RestoreEnd }
  | { readonly does: 'backUp'; readonly end: BackupEnd }
  | { readonly does: 'store'; readonly mood: StoreMood }
  | { readonly does: 'user'; readonly act: UserAct };

/** Something that happens. Each can happen at any time; where it makes no sense, nothing does. */
export type Command = ControllerCommand | WorldCommand;

const copyNames: readonly CopyName[] = [
  'claims',
  'primes',
  'volumes',
  'pods',
  'protectedVolumes',
  'volumeRestores',
  'replicationSources',
  'replicationDestinations',
];
const passes: readonly (keyof Cluster['passes'])[] = ['provision', 'bind', 'protect', 'reclaim', 'collect', 'schedule'];

/** How a write goes wrong. */
export const trouble: fc.Arbitrary<WriteTrouble> = fc.record({
  after: fc.nat({ max: 5 }),
  fault: fc.constantFrom('refused', 'answerLost'),
  fatal: fc.boolean(),
});
const maybeTrouble = fc.option(trouble, { nil: undefined, freq: 3 });

const restoreEnd = one('complete', 'complete', 'complete', ...restoreEnds);
const backupEnd = one('complete', 'complete', 'complete', ...backupEnds);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 40,
    arbitrary: fc.record({
      does: one('walk'),
      steps: fc.integer({ min: 1, max: 25 }),
      restore: restoreEnd,
      backup: backupEnd,
      trouble: fc.option(trouble, { nil: undefined, freq: 2 }),
    }),
  },
  { weight: 8, arbitrary: fc.record({ does: one('reconcileRestores'), trouble: maybeTrouble }) },
  { weight: 4, arbitrary: fc.record({ does: one('reconcileVolumes'), trouble: maybeTrouble }) },
  { weight: 6, arbitrary: fc.record({ does: one('reconcileProtection'), trouble: maybeTrouble }) },
  { weight: 8, arbitrary: fc.record({ does: one('see'), copy: one(...copyNames), changes: fc.nat({ max: 4 }) }) },
  { weight: 2, arbitrary: fc.record({ does: one('seeEverything') }) },
  { weight: 2, arbitrary: fc.record({ does: one('startMovers') }) },
  { weight: 2, arbitrary: fc.record({ does: one('report') }) },
  { weight: 3, arbitrary: fc.record({ does: one('restart') }) },
  { weight: 1, arbitrary: fc.record({ does: one('breakLogs'), broken: fc.boolean() }) },
  {
    weight: 3,
    arbitrary: fc.record({ does: one('wait'), milliseconds: one(100, 5_000, 60_000, 3_600_000, 86_400_000) }),
  },
  { weight: 8, arbitrary: fc.record({ does: one('cluster'), pass: one(...passes) }) },
  { weight: 4, arbitrary: fc.record({ does: one('endMovers'), end: restoreEnd }) },
  { weight: 3, arbitrary: fc.record({ does: one('backUp'), end: backupEnd }) },
  { weight: 8, arbitrary: fc.record({ does: one('store'), mood: one('answers', 'answers', ...storeMoods) }) },
  { weight: 16, arbitrary: fc.record({ does: one('user'), act: one(...userActs) }) },
);

/** Anything, in any order. */
export const commands = (maxLength: number): fc.Arbitrary<Command[]> => fc.array(command, { maxLength, size: 'max' });

async function reconcile(
  world: World,
  kind: 'restores' | 'volumes' | 'protection',
  fault?: WriteTrouble,
): Promise<void> {
  const { client } = world.process;
  client.expect(fault);
  const work = {
    restores: () => world.reconcileRestores(),
    volumes: () => world.reconcileVolumes(),
    protection: () => world.reconcileProtection(),
  };
  await world.tolerating(work[kind]);
  client.expect(undefined);
}

/** Lets it happen. */
export async function perform(world: World, happening: Command): Promise<void> {
  switch (happening.does) {
    case 'reconcileRestores':
      await reconcile(world, 'restores', happening.trouble);
      break;
    case 'reconcileVolumes':
      await reconcile(world, 'volumes', happening.trouble);
      break;
    case 'reconcileProtection':
      await reconcile(world, 'protection', happening.trouble);
      break;
    case 'see':
      world.process.copies.see(happening.copy, happening.changes);
      break;
    case 'seeEverything':
      world.process.copies.seeEverything();
      break;
    case 'restart':
      await world.restart();
      break;
    case 'walk':
      world.process.client.expect(happening.trouble);
      await world.walk(happening.steps, happening);
      world.process.client.expect(undefined);
      break;
    default:
      performOutside(world, happening);
  }
  await world.rest();
}

function performOutside(world: World, happening: WorldCommand): void {
  switch (happening.does) {
    case 'startMovers':
      world.engine.startMovers();
      break;
    case 'report':
      world.engine.report();
      break;
    case 'breakLogs':
      world.logs.isBroken = happening.broken;
      break;
    case 'wait':
      world.wait(happening.milliseconds);
      break;
    case 'cluster':
      world.cluster.passes[happening.pass]();
      break;
    case 'endMovers':
      world.engine.endMovers(happening.end);
      break;
    case 'backUp':
      world.backUp(happening.end);
      break;
    case 'store':
      world.destination.mood = happening.mood;
      break;
    case 'user':
      actAsUser(world, happening.act);
      break;
  }
}
