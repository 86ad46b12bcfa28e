import type { MoverTask } from '../domain/queue/mover.ts';
import { isMoverPod } from '../engines/mover/working-movers.ts';
import type { Pod } from '../kube/model/built-in-kinds.ts';
import { reflectorSource, type Source } from '../runtime/source.ts';
import { destinationSource } from './destination-source.ts';
import type { ControllerParts } from './controller-parts.ts';

/** Sources that name whoever waits to begin a mover and may now: where one has ended, was given up, or more may work. */
export function turnSources(
  { reflectors, movers }: Pick<ControllerParts, 'reflectors' | 'movers'>,
  task: MoverTask,
): readonly Source[] {
  const news = (): readonly string[] => {
    movers.announce(task);
    return [];
  };
  const isMover = (pod: Pod | undefined): boolean => pod !== undefined && isMoverPod(pod);
  return [
    { hasSynced: () => Promise.resolve(), start: (enqueue) => movers.follow(task, enqueue) },
    reflectorSource(reflectors.moverJobs, news),
    reflectorSource(reflectors.pods, ({ previous, current }) => (isMover(previous) || isMover(current) ? news() : [])),
    reflectorSource(reflectors.snapshots, news),
    reflectorSource(reflectors.copyClaims, news),
    reflectorSource(reflectors.settings, news),
    destinationSource(reflectors, news),
    // By it alone what is left of a run that was read is told from one that is preparing itself.
    reflectorSource(reflectors.protectedVolumes, ({ previous, current }) =>
      previous?.status?.lastRun?.name === current?.status?.lastRun?.name ? [] : news(),
    ),
  ];
}
