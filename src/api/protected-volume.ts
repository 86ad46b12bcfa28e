import { z } from 'zod';
import { conditions, objectMetadata, timestamp } from '../kube/model/crd-schema.ts';
import { maintenance } from './maintenance.ts';
import { restoreForesight } from './restore-foresight.ts';
import { moverUser, restoreFinding, snapshotReference } from './snapshot.ts';

export const protectedVolumeSpec = z.object({
  claimName: z.string().min(1).max(253).describe('The labelled claim, in the same namespace.'),
  policyName: z.string().min(1).max(63).describe('The tier: the BackupPolicy that the label names.'),
});

const protectionPhase = z.enum(['Waiting', 'Restoring', 'BackingUp', 'Protected', 'Degraded', 'Suspended']);

const backupFinding = z.object({
  kind: z
    .enum(['SnapshotMissing', 'BackupPartial', 'EmptyVolume'])
    .describe(
      'SnapshotMissing: the engine reported a backup that the destination does not hold. BackupPartial: files could not be read. EmptyVolume: there was nothing to back up.',
    ),
  snapshotId: z.string().optional().describe('The snapshot that it speaks of.'),
  time: timestamp('When the backup ended.'),
  message: z.string().describe('What was found, in words.'),
});

const collapseFinding = z.object({
  snapshotId: z.string().optional().describe('The first collapsed snapshot; absent when the volume was found empty.'),
  since: timestamp('When that was.'),
  good: snapshotReference.describe('The newest backup before it: the one to restore.'),
  message: z.string().describe('How far the volume fell, in words.'),
});

const pruningRefusal = z.object({
  time: timestamp('When the store last refused.'),
  message: z.string().describe("The store's words."),
  secretName: z.string().optional().describe("Name of the Secret with the store's key that was refused."),
  request: z.string().optional().describe('The value of rebound.dev/backup-now at that time.'),
});

const lastRun = z.object({
  name: z.string().describe('Name of the run, and of its Job.'),
  endedAt: timestamp('When it ended.'),
  failures: z.int().min(0).describe('How many runs have failed, one after the other; 0 when it ended well.'),
  message: z.string().optional().describe('Why it failed.'),
  request: z.string().optional().describe('The value of rebound.dev/backup-now that it was to carry out.'),
});

export const protectedVolumeStatus = z.object({
  observedGeneration: z.int().optional(),
  claimUID: z.string().optional().describe('UID of the claim that the rest of the status speaks of.'),
  decision: z
    .string()
    .optional()
    .describe(
      'What admission decided: restore, fresh, hold or ignore; late where it was not asked: the label came after creation, or the claim before Rebound.',
    ),
  phase: protectionPhase
    .optional()
    .describe('Where the claim stands. Protected: a backup of this claim was found in the destination.'),
  repository: z.string().optional().describe('Path of the repository in the destination.'),
  lastBackup: snapshotReference
    .optional()
    .describe('The newest good backup of this claim: whole, not collapsed, and found in the destination.'),
  lastFinding: backupFinding
    .optional()
    .describe('What is wrong with the newest backup. It stays until a good one; no snapshot is removed meanwhile.'),
  collapse: collapseFinding
    .optional()
    .describe('A fall in size that nobody has answered yet. It stays until it is accepted, or the content is back.'),
  pruningRefused: pruningRefusal
    .optional()
    .describe(
      'The store does not let the key delete, so nothing is pruned. Tried again with another key, when a backup is asked for, and after seven days; it ends with a run that prunes.',
    ),
  copySavedAt: timestamp(
    "When the engine's run under way first saved its copy of the volume: what its further tries save is the same.",
  ).optional(),
  owner: z
    .string()
    .optional()
    .describe(
      "UID of the cluster (of its namespace kube-system) that writes this claim's backups. While it is another one, which lives, this one restores only.",
    ),
  destinationId: z
    .string()
    .optional()
    .describe(
      'Identity of the destination whose ledger named the owner: it is asked again when the tier names another.',
    ),
  answeredTakeOver: z
    .string()
    .optional()
    .describe(
      'The value of rebound.dev/take-over that needs no answer any more: it was there while this cluster wrote the backups.',
    ),
  lastBackupAttemptTime: timestamp('When the engine last ended a backup, well or not.').optional(),
  lastRun: lastRun.optional().describe("The last backup run of a mover of Rebound's own."),
  lastBackupRequest: z.string().optional().describe('The last value of rebound.dev/backup-now that was carried out.'),
  lastProof: z
    .object({
      snapshot: snapshotReference
        .optional()
        .describe('The snapshot that came back; absent when there was certainly none.'),
      time: timestamp('When the restore was proven.'),
      message: z.string().describe('What was compared.'),
    })
    .optional()
    .describe('Evidence that the last restore brought the right snapshot back, completely.'),
  restoreFinding: restoreFinding
    .optional()
    .describe(
      'The claim was restored from an older snapshot than there is, or began without the backups of an earlier claim of its name. Until annotation rebound.dev/accept-restore answers it, no snapshot is removed.',
    ),
  nextBackupTime: timestamp('When the next backup is due.').optional(),
  moverUser: moverUser.optional().describe('The user and groups that movers of this claim run as.'),
  restoreForesight: restoreForesight
    .optional()
    .describe('What a restore of the backups would lack, as far as one of them was looked into.'),
  maintenance: maintenance
    .optional()
    .describe('How old snapshots are removed, where the engine of the tier is Restic: by Rebound, not by VolSync.'),
  pruningPaused: z.boolean().optional().describe('True while no snapshot is removed, because something is open.'),
  pruningPausedBecause: z
    .array(z.string())
    .optional()
    .describe(
      'What is open, one word each: the kinds of findings, PruningRefused, Unconfirmed, Unseen, BackupOverdue or NoBackupYet.',
    ),
  conditions: conditions.optional(),
});

export const protectedVolume = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: objectMetadata,
  spec: protectedVolumeSpec,
  status: protectedVolumeStatus.optional(),
});

export type ProtectionPhase = z.infer<typeof protectionPhase>;
export type ProtectedVolumeStatus = z.infer<typeof protectedVolumeStatus>;
export type ProtectedVolume = z.infer<typeof protectedVolume>;
export type BackupFinding = z.infer<typeof backupFinding>;
export type PruningRefusal = z.infer<typeof pruningRefusal>;
export type CollapseFinding = z.infer<typeof collapseFinding>;
