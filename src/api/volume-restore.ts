import { z } from 'zod';
import { conditions, objectMetadata, timestamp } from '../kube/model/crd-schema.ts';
import { engineName } from './backup-policy.ts';
import { moverUser, restoreFinding, snapshotReference } from './snapshot.ts';

export const volumeRestoreSpec = z
  .object({
    claimName: z.string().min(1).max(253).describe('The claim that waits for this restore, in the same namespace.'),
    claimUID: z.string().min(1).describe('Its UID: a restore serves one claim, once.'),
    policyName: z.string().min(1).max(63).describe('The tier, which names the destination.'),
    restore: z
      .string()
      .min(1)
      .max(64)
      .default('latest')
      .describe(
        'What to bring back: latest (the newest snapshot that is known to be whole), newest (whatever is known of it), an RFC 3339 time (the newest snapshot not after it), or a snapshot id.',
      ),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: 'self == oldSelf',
        message: 'a VolumeRestore is made for one claim and never changed: recreate the claim instead',
      },
    ],
  });

const restorePhase = z.enum(['Probing', 'Provisioning', 'Restoring', 'Proven', 'Binding', 'Completed']);

export const volumeRestoreStatus = z.object({
  observedGeneration: z.int().optional(),
  phase: restorePhase.optional().describe('The step that the restore is at.'),
  certainNones: z
    .int()
    .optional()
    .describe('How many times in a row the destination said for certain that no backup exists.'),
  lastNoneTime: timestamp('When it last said so; answers that come too soon after each other count as one.').optional(),
  blank: z.boolean().optional().describe('True when there was certainly no backup and the claim gets a blank volume.'),
  destinationName: z
    .string()
    .optional()
    .describe(
      "The BackupDestination that the snapshot is in, where it is not the tier's own: that one held no backup. Backups go to the tier's own.",
    ),
  snapshot: snapshotReference.optional().describe('The snapshot that is brought back, and what it must contain.'),
  finding: restoreFinding.optional().describe('What about the choice of the snapshot a person has to answer.'),
  moverUser: moverUser.optional().describe('The user and groups that the mover runs as.'),
  policyName: z
    .string()
    .optional()
    .describe('The tier that counts, where the claim was given another one while it waits.'),
  volumeCapacityBytes: z
    .int()
    .optional()
    .describe('How large the volume was when it was backed up last: the new one is no smaller.'),
  engine: engineName
    .optional()
    .describe('What restores. Fixed once there is a claim that the snapshot is restored into; absent means VolSync.'),
  filledPrime: z
    .object({
      claimUID: z.string().describe('UID of that claim.'),
      attempt: z.int().describe('The attempt that has found its volume empty, and written into it since.'),
    })
    .optional()
    .describe('That a mover which looks for itself has begun to fill a volume: what it holds is of this restore.'),
  primeClaimUID: z
    .string()
    .optional()
    .describe('UID of the claim that the snapshot is restored into first. A proof holds for this one only.'),
  clearedPrime: z
    .object({
      claimUID: z.string(),
      attempt: z
        .int()
        .describe(
          'The first attempt that could write into it: later ones remove what it left and their snapshot does not hold.',
        ),
      isMade: z
        .boolean()
        .describe(
          'Whether a provisioner made the volume for this restore: where it is handed to nobody, it goes with its prime claim.',
        ),
      time: timestamp('When it was found so.'),
    })
    .optional()
    .describe('The prime claim whose volume was found made for this restore, and empty.'),
  refusedVolumes: z
    .array(
      z.object({
        name: z.string().describe('The PersistentVolume.'),
        claimUID: z.string().describe('The prime claim that took it.'),
      }),
    )
    .max(20)
    .optional()
    .describe(
      'Volumes that were there before and took the place of a new one. No prime claim is made while one is free.',
    ),
  volumeName: z.string().optional().describe('The volume that was handed to the claim.'),
  boundElsewhere: z
    .boolean()
    .optional()
    .describe('True when the claim was found bound to a volume that this restore did not fill.'),
  message: z.string().optional().describe('Where the restore stands and what it waits for, in words.'),
  attempts: z.int().optional().describe('How many engine restores were started.'),
  nextAttemptTime: timestamp('When the next one may begin, after one that was not accepted.').optional(),
  secretName: z.string().optional().describe("The Secret that the last one's mover was given."),
  progress: z
    .object({
      attempt: z.int().describe('Which one it is of.'),
      doneBytes: z.int(),
      totalBytes: z.int(),
      startTime: timestamp('When the mover first said how far it is.'),
      startBytes: z.int().describe('How far it was then.'),
      time: timestamp('When it said this.'),
    })
    .optional()
    .describe('How far the mover is, by its own word, some seconds late.'),
  restored: z
    .object({
      snapshotId: z.string().describe('The snapshot that the mover says it restored.'),
      files: z.int().optional().describe('Files and directories that the mover says it restored.'),
      sizeBytes: z.int().optional().describe('Bytes that the mover says it restored, as precise as it tells.'),
    })
    .optional()
    .describe('What the mover reported.'),
  provenTime: timestamp('When the result was proven against the expectation.').optional(),
  completionTime: timestamp('When the claim was bound.').optional(),
  conditions: conditions.optional(),
});

export const volumeRestore = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: objectMetadata,
  spec: volumeRestoreSpec,
  status: volumeRestoreStatus.optional(),
});

export type VolumeRestoreStatus = z.infer<typeof volumeRestoreStatus>;
export type VolumeRestore = z.infer<typeof volumeRestore>;
