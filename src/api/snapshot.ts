import { z } from 'zod';
import { timestamp } from './object.ts';

/** One snapshot in a repository, as statuses show it. */
export const snapshotReference = z.object({
  id: z.string().describe('The restic snapshot id, all 64 digits.'),
  time: timestamp('When the snapshot was taken.'),
  sizeBytes: z.int().optional().describe('Bytes of all files in the snapshot.'),
  files: z.int().optional().describe('Number of files in the snapshot.'),
  directories: z.int().optional().describe('Number of directories in the snapshot.'),
});

export type SnapshotReference = z.infer<typeof snapshotReference>;

/** The user and groups a mover runs as; absent fields are left to the engine. */
export const moverUser = z.object({
  runAsUser: z.int().min(0).optional(),
  runAsGroup: z.int().min(0).optional(),
  fsGroup: z.int().min(0).optional(),
});

export type MoverUser = z.infer<typeof moverUser>;
