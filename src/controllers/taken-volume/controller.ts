import { Controller } from '../../runtime/controller.ts';
import { ownKey, reflectorSource, whenGone } from '../../runtime/source.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { EndingPrimeReconciler } from './prime-reconciler.ts';
import { isQuestionable, TakenVolumeReconciler } from './volume-reconciler.ts';

const volumeOf = ({ spec: { volumeName } }: PersistentVolumeClaim): string[] =>
  volumeName === undefined ? [] : [volumeName];

/** Gives volumes back that claims of ours took and that were there before. */
export function takenVolumeController({ context, reflectors, metrics }: ControllerParts): Controller {
  const reconciler = new TakenVolumeReconciler(context);
  return new Controller({
    name: 'taken-volume',
    sources: [
      reflectorSource(reflectors.volumes, ({ key, current }) =>
        current !== undefined && isQuestionable(current) ? [key] : [],
      ),
      // What is owed to its volume changes when such a claim goes.
      reflectorSource(reflectors.primes, whenGone(volumeOf)),
      reflectorSource(reflectors.copyClaims, whenGone(volumeOf)),
    ],
    reconcile: reconciler.reconcile,
    concurrency: 2,
    logger: context.log,
    observer: metrics.controllerObserver('taken-volume'),
  });
}

/** Lets go of prime claims that somebody deleted before their volume was looked at. */
export function endingPrimeController({ context, reflectors, metrics }: ControllerParts): Controller {
  const reconciler = new EndingPrimeReconciler(context);
  return new Controller({
    name: 'ending-prime',
    sources: [reflectorSource(reflectors.primes, ownKey), reflectorSource(reflectors.volumes, () => [])],
    reconcile: reconciler.reconcile,
    concurrency: 2,
    logger: context.log,
    observer: metrics.controllerObserver('ending-prime'),
  });
}
