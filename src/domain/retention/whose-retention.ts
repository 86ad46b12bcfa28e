import type { BackupPolicy } from '../../api/backup-policy.ts';

/** Whether Rebound decides which snapshots of a tier's claims go, and the engine only adds. */
export const isRetentionOurs = ({ spec }: Pick<BackupPolicy, 'spec'>): boolean => spec.engine === 'Restic';
