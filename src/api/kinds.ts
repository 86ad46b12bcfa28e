import type { z } from 'zod';
import { backupDestination, backupDestinationSpec, backupDestinationStatus } from './backup-destination.ts';
import { backupPolicy, backupPolicySpec, backupPolicyStatus } from './backup-policy.ts';
import { protectedVolume, protectedVolumeSpec, protectedVolumeStatus } from './protected-volume.ts';
import { reboundSettings, reboundSettingsSpec, SETTINGS_NAME } from './rebound-settings.ts';
import { volumeRestore, volumeRestoreSpec, volumeRestoreStatus } from './volume-restore.ts';

/** A column of `kubectl get`. */
interface PrinterColumn {
  readonly name: string;
  readonly type: 'string' | 'integer' | 'date' | 'boolean';
  readonly jsonPath: string;
  readonly description: string;
  /** Columns above 0 show with `-o wide` only. */
  readonly priority?: number;
}

/** All that is needed to generate a kind's CustomResourceDefinition. */
export interface KindDefinition {
  readonly kind: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly scope: 'Cluster' | 'Namespaced';
  readonly description: string;
  readonly object: z.ZodType;
  readonly spec: z.ZodType;
  /** Absent where nothing is ever recorded. */
  readonly status?: z.ZodType;
  /** The only name that one may have; absent where there may be many. */
  readonly onlyName?: string;
  readonly columns: readonly PrinterColumn[];
}

const age: PrinterColumn = {
  name: 'Age',
  type: 'date',
  jsonPath: '.metadata.creationTimestamp',
  description: 'When the object was made.',
};

const conditionColumn = (type: string, field: 'status' | 'reason' | 'message'): PrinterColumn => ({
  name: field === 'status' ? type : field === 'reason' ? 'Reason' : 'Message',
  type: 'string',
  jsonPath: `.status.conditions[?(@.type=="${type}")].${field}`,
  description: `The ${field} of the condition ${type}.`,
});

const column = (name: string, type: PrinterColumn['type'], jsonPath: string, description: string): PrinterColumn => ({
  name,
  type,
  jsonPath,
  description,
});

const wide = (shown: PrinterColumn): PrinterColumn => ({ ...shown, priority: 1 });

const backupDestinationKind: KindDefinition = {
  kind: 'BackupDestination',
  plural: 'backupdestinations',
  singular: 'backupdestination',
  shortNames: ['bdest'],
  scope: 'Cluster',
  description: 'A place where backups live, outside the cluster.',
  object: backupDestination,
  spec: backupDestinationSpec,
  status: backupDestinationStatus,
  columns: [
    column('Reachable', 'boolean', '.status.reachable', 'Whether the last probe got a certain answer.'),
    conditionColumn('Ready', 'reason'),
    wide(column('Movers', 'integer', '.status.movers.running', "How many of Rebound's own movers work with it.")),
    wide(column('Waiting', 'integer', '.status.movers.waiting', 'How many of them wait for their turn.')),
    wide(column('Identity', 'string', '.status.identity', 'What names the destination.')),
    wide(conditionColumn('Ready', 'message')),
    age,
  ],
};

const backupPolicyKind: KindDefinition = {
  kind: 'BackupPolicy',
  plural: 'backuppolicies',
  singular: 'backuppolicy',
  shortNames: ['bpol'],
  scope: 'Cluster',
  description: 'A tier: its name is the value of the label `backup` on claims.',
  object: backupPolicy,
  spec: backupPolicySpec,
  status: backupPolicyStatus,
  columns: [
    column('Every', 'string', '.spec.schedule.every', 'How often a claim is backed up.'),
    column('Cron', 'string', '.spec.schedule.cron', 'When claims are backed up, in the place of how often.'),
    column('Destination', 'string', '.spec.destination', 'Where the backups go.'),
    column('Claims', 'integer', '.status.protectedVolumes', 'How many claims carry this tier.'),
    column('Suspended', 'boolean', '.spec.suspend', 'Whether new backups are stopped.'),
    age,
  ],
};

const protectedVolumeKind: KindDefinition = {
  kind: 'ProtectedVolume',
  plural: 'protectedvolumes',
  singular: 'protectedvolume',
  shortNames: ['pvol'],
  scope: 'Namespaced',
  description: 'The protection of one labelled claim: am I safe, since when, and if not, why. Made by Rebound.',
  object: protectedVolume,
  spec: protectedVolumeSpec,
  status: protectedVolumeStatus,
  columns: [
    column('Tier', 'string', '.spec.policyName', 'The BackupPolicy.'),
    column('Phase', 'string', '.status.phase', 'Where the claim stands.'),
    column(
      'Last Backup',
      'date',
      '.status.lastBackup.time',
      'The newest good backup that was found in the destination.',
    ),
    wide(column('Next Backup', 'string', '.status.nextBackupTime', 'When the next backup is due.')),
    column('Proven', 'date', '.status.lastProof.time', 'When the last restore was proven.'),
    conditionColumn('Ready', 'reason'),
    wide(conditionColumn('Ready', 'message')),
    age,
  ],
};

const volumeRestoreKind: KindDefinition = {
  kind: 'VolumeRestore',
  plural: 'volumerestores',
  singular: 'volumerestore',
  shortNames: ['vrest'],
  scope: 'Namespaced',
  description: 'One restore into one claim, once. Made by Rebound for every claim that may have a backup.',
  object: volumeRestore,
  spec: volumeRestoreSpec,
  status: volumeRestoreStatus,
  columns: [
    column('Claim', 'string', '.spec.claimName', 'The claim that waits for it.'),
    column('Phase', 'string', '.status.phase', 'The step that the restore is at.'),
    column('Snapshot Time', 'string', '.status.snapshot.time', 'When the snapshot was taken.'),
    conditionColumn('Ready', 'reason'),
    wide(conditionColumn('Ready', 'message')),
    age,
  ],
};

const reboundSettingsKind: KindDefinition = {
  kind: 'ReboundSettings',
  plural: 'reboundsettings',
  singular: 'reboundsetting',
  shortNames: ['bset'],
  scope: 'Cluster',
  description: 'What is set for the whole cluster. There is one, named default; without it all is as shipped.',
  object: reboundSettings,
  spec: reboundSettingsSpec,
  onlyName: SETTINGS_NAME,
  columns: [
    column('Restores', 'integer', '.spec.limits.restores', 'How many restores work at the same time.'),
    column('Backups', 'integer', '.spec.limits.backups', 'How many backups work at the same time.'),
    age,
  ],
};

export const kindDefinitions: readonly KindDefinition[] = [
  backupDestinationKind,
  backupPolicyKind,
  protectedVolumeKind,
  volumeRestoreKind,
  reboundSettingsKind,
];
