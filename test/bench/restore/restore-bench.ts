import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '../../cluster/cluster-error.ts';
import { type Bench, repetitions } from '../bench.ts';
import { interleave } from '../interleave.ts';
import { type Findings, judge, type Measurements, medianOf, series } from '../report.ts';
import { rounded } from '../statistics.ts';
import { ClaimClock } from './claim-clock.ts';
import { openClusterWorld } from './cluster-world.ts';
import { allContents, type Contents } from './contents.ts';
import { type Restored, restoreWithRebound, restoreWithRestic, restoreWithVolSync } from './ways-to-restore.ts';

const names = {
  restic: 'restic alone',
  volSync: "VolSync's populator",
  rebound: 'Rebound',
  own: "Rebound's movers",
} as const;
/** Volumes are deleted in the background. */
const pauseMilliseconds = 3_000;

/** The same backup brought back in four ways, each from creating the claim to its being bound. */
export const restoreBench: Bench = async (context) => {
  const { cleanup, report } = context;
  const contents = allContents[context.contents];
  const world = await openClusterWorld(context, contents);
  report(`backing up ${contents.sizeMiB} MiB in ${contents.files} files`);
  const expected = await world.takeBackup();
  if (!expected.startsWith(`${contents.files} files`)) throw new ClusterError(`the backup is of ${expected}`);
  const clock = new ClaimClock(world.client);
  await clock.start();
  cleanup.add(() => clock.stop());

  const variant = (name: string, restore: () => Promise<Restored>) => ({
    name,
    run: async (): Promise<Restored> => {
      await delay(pauseMilliseconds);
      const restored = await restore();
      report(`${name}: ${restored.createToBoundSeconds.toFixed(2)} s ${JSON.stringify(restored.phases)}`);
      if (restored.checksum === expected) return restored;
      throw new ClusterError(`${name} brought back ${restored.checksum}, but ${expected} were backed up`);
    },
  });
  const variants = [
    variant(names.restic, () => restoreWithRestic(world)),
    variant(names.volSync, () => restoreWithVolSync(world, clock)),
    variant(names.rebound, () => restoreWithRebound(world, clock, 'VolSync')),
    variant(names.own, () => restoreWithRebound(world, clock, 'Restic')),
  ];
  // Once unmeasured: the store's files are in memory then, for all alike.
  await restoreWithRestic(world);
  return conclude(contents, await interleave(variants, repetitions));
};

function conclude(contents: Contents, samples: ReadonlyMap<string, readonly Restored[]>): Findings {
  const variants = Object.fromEntries([...samples].map(([name, runs]) => [name, measurementsOf(runs)]));
  const seconds = (name: string): number => medianOf(variants, name, 'createToBoundSeconds');
  const [alone, populator] = [seconds(names.restic), seconds(names.volSync)];
  const [ratio, ownRatio] = [seconds(names.rebound) / populator, seconds(names.own) / populator];
  return {
    settings: { files: contents.files, sizeMiB: contents.sizeMiB },
    variants,
    ratios: {
      "Rebound / VolSync's populator": rounded(ratio),
      'Rebound / restic alone': rounded(seconds(names.rebound) / alone),
      "Rebound's movers / VolSync's populator": rounded(ownRatio),
      "Rebound's movers / restic alone": rounded(seconds(names.own) / alone),
    },
    targets: targetsOf(contents, { ratio, ownRatio, over: seconds(names.own) - alone, alone }),
    notes: [
      'Every restore was checked: names and contents of all files are those that were backed up.',
      'The columns of phases say when Rebound was seen to enter them, in seconds from the creation of the claim.',
    ],
  };
}

interface Figures {
  readonly ratio: number;
  readonly ownRatio: number;
  /** Seconds that movers of our own take longer than restic alone. */
  readonly over: number;
  readonly alone: number;
}

/** A pod's start and the proof are paid once, however much is restored: large contents are measured against restic alone. */
function targetsOf(contents: Contents, { ratio, ownRatio, over, alone }: Figures): Findings['targets'] {
  const overName = "Rebound's movers, seconds over restic alone";
  if (contents !== allContents.mixed) {
    return [judge({ name: overName, value: over, limit: 3 + 0.15 * alone, comparison: 'at most' })];
  }
  return [
    judge({ name: "Rebound / VolSync's populator", value: ratio, limit: 0.65, comparison: 'at most' }),
    judge({ name: "Rebound's movers / VolSync's populator", value: ownRatio, limit: 0.45, comparison: 'at most' }),
    judge({ name: overName, value: over, limit: 3, comparison: 'at most' }),
  ];
}

function measurementsOf(runs: readonly Restored[]): Measurements {
  const phases = [...new Set(runs.flatMap((run) => Object.keys(run.phases)))];
  const seen = (phase: string): number[] => runs.flatMap((run) => run.phases[phase] ?? []);
  return {
    createToBoundSeconds: series(runs.map(({ createToBoundSeconds }) => createToBoundSeconds)),
    ...Object.fromEntries(phases.map((phase) => [`to${phase}Seconds`, series(seen(phase))])),
  };
}
