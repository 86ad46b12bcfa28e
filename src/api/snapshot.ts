import { z } from 'zod';
import { timestamp } from '../kube/model/crd-schema.ts';

/** One snapshot in a repository, as statuses show it. */
export const snapshotReference = z.object({
  id: z.string().describe('The restic snapshot id, all 64 digits.'),
  time: timestamp('When the snapshot was taken.'),
  ownTime: timestamp('The time that the snapshot itself names, where the clock of its node was ahead.').optional(),
  dataTime: timestamp(
    'The volume was copied before then, where a run that is tried again saved that copy earlier, too.',
  ).optional(),
  sizeBytes: z.int().optional().describe('Bytes of all files in the snapshot.'),
  files: z.int().optional().describe('Number of files in the snapshot.'),
  directories: z.int().optional().describe('Number of directories in the snapshot.'),
});

export type SnapshotReference = z.infer<typeof snapshotReference>;

/** What a person has to answer after, or before, a restore that could not simply bring back the newest snapshot. */
export const restoreFinding = z.object({
  kind: z
    .enum(['OlderRestored', 'NotRestored', 'Held'])
    .describe(
      'OlderRestored: an older snapshot came back than there is. NotRestored: the claim began without the backups of an earlier one of its name. Held: nothing was chosen, the claim waits.',
    ),
  restoredId: z.string().optional().describe('The snapshot that was chosen.'),
  newerId: z.string().optional().describe('The newer one that was not.'),
  message: z.string().describe('Which snapshots there are, why that one was chosen or none, and how to answer.'),
  time: timestamp('When it was found.'),
});

export type RestoreFinding = z.infer<typeof restoreFinding>;

/** The user and groups a mover runs as; absent fields are left to the engine. */
export const moverUser = z.object({
  runAsUser: z.int().min(0).optional(),
  runAsGroup: z.int().min(0).optional(),
  fsGroup: z.int().min(0).optional(),
});

export type MoverUser = z.infer<typeof moverUser>;
