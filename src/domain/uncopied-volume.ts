import type { BackupPolicySpec } from '../api/backup-policy.ts';
import { TIER_LABEL } from '../api/labels.ts';
import type { ClaimFacts } from './claim.ts';
import { isNamedAsCSIDriver, type StorageFacts } from './waiting-claim.ts';

/** How a tier takes a point in time of a volume. */
export type CopyMethod = BackupPolicySpec['volSync']['copyMethod'];

/**
 * That no backup of a claim will succeed: its tier takes snapshots or clones, which only CSI drivers make (external-snapshotter,
 * pkg/common-controller: "snapshotting non-CSI volumes is not supported"). Undefined where that is not certain.
 */
export function uncopiedVolume(
  { labels, storageClassName = '' }: Pick<ClaimFacts, 'labels' | 'storageClassName'>,
  { provisioner, isCSIDriver }: StorageFacts,
  copyMethod: CopyMethod | undefined,
): string | undefined {
  if (copyMethod === undefined || copyMethod === 'Direct') return undefined;
  if (provisioner === undefined || isCSIDriver || isNamedAsCSIDriver(provisioner)) return undefined;
  return `Backups will fail: tier ${labels[TIER_LABEL]} copies volumes (volSync.copyMethod: ${copyMethod}), and ${provisioner}, of class ${storageClassName}, is no CSI driver. Use a tier with volSync.copyMethod: Direct.`;
}
