import type { BackupPolicy } from '../../api/backup-policy.ts';
import { speaksOfClaim } from '../../domain/templated-class.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { DEFAULT_SNAPSHOT_CLASS_ANNOTATION, type VolumeSnapshotClass } from '../../kube/model/volume-snapshot-kinds.ts';
import type { BackupContext } from './backup-context.ts';

/** The class that a claim's snapshots are to have, or why there is none, a clause. */
export type SnapshotClassChoice =
  { readonly ok: true; readonly name: string } | { readonly ok: false; readonly message: string };

const no = (message: string): SnapshotClassChoice => ({ ok: false, message });

const isDefault = ({ metadata }: VolumeSnapshotClass): boolean =>
  metadata.annotations?.[DEFAULT_SNAPSHOT_CLASS_ANNOTATION] === 'true';

/**
 * Chooses among the driver's: the one that the tier names (`volSync.volumeSnapshotClassName`), the default, or the only one. Classes
 * that name volumes after their claims make no copies elsewhere.
 */
export function chooseSnapshotClass(
  stores: Pick<BackupContext['stores'], 'storageClasses' | 'snapshotClasses'>,
  { spec }: PersistentVolumeClaim,
  policy: BackupPolicy,
): SnapshotClassChoice {
  const { storageClassName = '' } = spec;
  const storageClass = stores.storageClasses.get(storageClassName);
  if (storageClass === undefined) return no('the claim has no StorageClass that exists');
  if (speaksOfClaim(storageClass.parameters ?? {})) {
    return no(`StorageClass ${storageClassName} names volumes after their claims`);
  }
  const { provisioner } = storageClass;
  const classes = stores.snapshotClasses.list().filter(({ driver }) => driver === provisioner);
  const named = policy.spec.volSync.volumeSnapshotClassName;
  const chosen =
    classes.find(({ metadata }) => metadata.name === named) ??
    classes.find(isDefault) ??
    (classes.length === 1 ? classes[0] : undefined);
  if (chosen !== undefined) return { ok: true, name: chosen.metadata.name };
  return classes.length === 0
    ? no(`there is no VolumeSnapshotClass of driver ${provisioner}`)
    : no(`there are several VolumeSnapshotClasses of driver ${provisioner}, and none is the default`);
}
