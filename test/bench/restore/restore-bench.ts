import { setTimeout as delay } from 'node:timers/promises';
import { ClusterError } from '../../cluster/cluster-error.ts';
import { type Bench, repetitions } from '../bench.ts';
import { interleave } from '../interleave.ts';
import { type Findings, judge, type Measurements, medianOf, series } from '../report.ts';
import { rounded } from '../statistics.ts';
import { ClaimClock } from './claim-clock.ts';
import { openClusterWorld } from './cluster-world.ts';
import { contentFiles, contentMiB } from './contents.ts';
import { type Restored, restoreWithRebound, restoreWithRestic, restoreWithVolSync } from './ways-to-restore.ts';

const names = { restic: 'restic alone', volSync: "VolSync's populator", rebound: 'Rebound' } as const;
/** Volumes are deleted in the background. */
const pauseMilliseconds = 3_000;

/** The same backup brought back in three ways, each from creating the claim to its being bound. */
export const restoreBench: Bench = async (context) => {
  const { cleanup, report } = context;
  const world = await openClusterWorld(context);
  report(`backing up ${contentMiB} MiB in ${contentFiles} files`);
  const expected = await world.takeBackup();
  if (!expected.startsWith(`${contentFiles} files`)) throw new ClusterError(`the backup is of ${expected}`);
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
    variant(names.rebound, () => restoreWithRebound(world, clock)),
  ];
  // Once unmeasured: the store's files are in memory then, for all three alike.
  await restoreWithRestic(world);
  return conclude(await interleave(variants, repetitions));
};

function conclude(samples: ReadonlyMap<string, readonly Restored[]>): Findings {
  const variants = Object.fromEntries([...samples].map(([name, runs]) => [name, measurementsOf(runs)]));
  const seconds = (name: string): number => medianOf(variants, name, 'createToBoundSeconds');
  const ratio = seconds(names.rebound) / seconds(names.volSync);
  return {
    settings: { files: contentFiles, sizeMiB: contentMiB },
    variants,
    ratios: {
      "Rebound / VolSync's populator": rounded(ratio),
      'Rebound / restic alone': rounded(seconds(names.rebound) / seconds(names.restic)),
    },
    targets: [judge({ name: "Rebound / VolSync's populator", value: ratio, limit: 0.65, comparison: 'at most' })],
    notes: [
      'Every restore was checked: names and contents of all files are those that were backed up.',
      'The columns of phases say when Rebound was seen to enter them, in seconds from the creation of the claim.',
    ],
  };
}

function measurementsOf(runs: readonly Restored[]): Measurements {
  const phases = [...new Set(runs.flatMap((run) => Object.keys(run.phases)))];
  const seen = (phase: string): number[] => runs.flatMap((run) => run.phases[phase] ?? []);
  return {
    createToBoundSeconds: series(runs.map(({ createToBoundSeconds }) => createToBoundSeconds)),
    ...Object.fromEntries(phases.map((phase) => [`to${phase}Seconds`, series(seen(phase))])),
  };
}
