import { OWNER_UID_LABEL } from '../../api/labels.ts';
import { copyName, isBackupRunName } from '../../domain/object-names.ts';
import { type KubeObject, objectKey } from '../../kube/model/kind.ts';
import { Controller } from '../../runtime/controller.ts';
import { ownKey, reflectorSource, whenGone } from '../../runtime/source.ts';
import type { ControllerParts } from '../controller-parts.ts';
import { LeftMoverReconciler } from './reconciler.ts';

/** Removes what is left among the movers. */
export function leftMoverController({ context, reflectors, backupEngines, metrics }: ControllerParts): Controller {
  const reconciler = new LeftMoverReconciler(context, backupEngines);
  const { moverJobs, primes, copyClaims, snapshots, snapshotContents } = context.stores;
  /** When a restore or a claim's protection goes, what it has among the movers is looked at. */
  const ofOwner = ({ metadata: { uid } }: KubeObject): string[] =>
    [...moverJobs.list(), ...primes.list(), ...copyClaims.list(), ...snapshots.list()]
      .filter(({ metadata }) => metadata.labels?.[OWNER_UID_LABEL] === uid)
      .map(({ metadata }) => objectKey(metadata));
  const contentsOf = ({ metadata: { name } }: KubeObject): string[] =>
    snapshotContents
      .list()
      .filter(({ spec }) =>
        [name, isBackupRunName(name) ? copyName(name) : name].includes(spec.volumeSnapshotRef.name ?? ''),
      )
      .map(({ metadata }) => metadata.name);
  return new Controller({
    name: 'left-mover',
    sources: [
      reflectorSource(reflectors.moverJobs, ownKey),
      reflectorSource(reflectors.primes, ownKey),
      reflectorSource(reflectors.volumeRestores, whenGone(ofOwner)),
      reflectorSource(reflectors.copyClaims, ownKey),
      reflectorSource(reflectors.snapshots, ownKey),
      reflectorSource(reflectors.protectedVolumes, whenGone(ofOwner)),
      reflectorSource(reflectors.snapshotContents, ownKey),
      reflectorSource(reflectors.snapshots, whenGone(contentsOf)),
    ],
    reconcile: reconciler.reconcile,
    concurrency: 2,
    logger: context.log,
    observer: metrics.controllerObserver('left-mover'),
  });
}
