import { z } from 'zod';
import { conditions, objectMetadata, timestamp } from './object.ts';
import { moverUser, restoreFinding, snapshotReference } from './snapshot.ts';

export const protectedVolumeSpec = z.object({
  claimName: z.string().min(1).max(253).describe('The labelled claim, in the same namespace.'),
  policyName: z.string().min(1).max(63).describe('The tier: the BackupPolicy that the label names.'),
});

const protectionPhase = z.enum(['Waiting', 'Restoring', 'BackingUp', 'Protected', 'Degraded', 'Suspended']);

export const protectedVolumeStatus = z.object({
  observedGeneration: z.int().optional(),
  claimUID: z.string().optional().describe('UID of the claim that the rest of the status speaks of.'),
  decision: z
    .string()
    .optional()
    .describe('What admission decided: restore, fresh, hold or ignore; late when the label came after creation.'),
  phase: protectionPhase
    .optional()
    .describe('Where the claim stands. Protected: a backup of this claim was found in the destination.'),
  repository: z.string().optional().describe('Path of the repository in the destination.'),
  lastBackup: snapshotReference.optional().describe('The newest snapshot that was found in the destination.'),
  lastBackupAttemptTime: timestamp('When the engine last ended a backup, well or not.').optional(),
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
      'The claim was restored from an older snapshot than there is. Until annotation rebound.dev/accept-restore answers it, no snapshot is removed.',
    ),
  nextBackupTime: timestamp('When the next backup is due.').optional(),
  moverUser: moverUser.optional().describe('The user and groups that movers of this claim run as.'),
  pruningPaused: z.boolean().optional().describe('True while snapshots are kept because size or file count collapsed.'),
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
