import { z } from 'zod';
import { moverUser, snapshotReference } from './snapshot.ts';

const count = z.int().min(0);

const entriesFound = z.object({
  entries: count.describe('How many files, folders or others.'),
  examples: z.array(z.string()).describe('Some of their paths, from the top of the volume.'),
});

const treeOwner = entriesFound.extend({ uid: count, gid: count });

/** What a snapshot's tree holds that a restore may not bring back as it was. */
export const treeFacts = z.object({
  entries: count.describe('How many files, folders and others were looked at.'),
  whole: z.boolean().describe('False where there are more than were looked at: what was not found may be there.'),
  owners: z.array(treeOwner).describe('To whom they belong: those with the most of them first.'),
  furtherOwners: count.optional().describe('How many belong to others than the owners listed.'),
  topOwner: z
    .object({ uid: count, gid: count })
    .optional()
    .describe('The owner of everything that lies in the top folder; absent where they differ.'),
  devices: entriesFound.optional().describe('Device nodes.'),
  acls: entriesFound.optional().describe('What has a POSIX ACL.'),
  capabilities: entriesFound.optional().describe('What has file capabilities.'),
  otherAttributes: entriesFound
    .optional()
    .describe('What has other extended attributes that VolSync does not restore.'),
  trustedAttributes: entriesFound
    .optional()
    .describe('What of it has extended attributes trusted.*, which no engine restores.'),
});

export const restoreForesight = z.object({
  snapshot: snapshotReference.describe('The snapshot that was looked into.'),
  tree: treeFacts.optional().describe('What it holds; absent where that is not known.'),
  unread: z.string().optional().describe('Why it is not known what the snapshot holds.'),
  moverUser: moverUser.describe('The user and groups of the movers for which it was judged.'),
  privilegedMovers: z
    .boolean()
    .optional()
    .describe('Whether the namespace allows movers that may give files away; absent where it made no difference.'),
  told: z.array(z.string()).describe('What a restore will lack, one word each, as far as it was told.'),
});

export type EntriesFound = z.infer<typeof entriesFound>;
export type TreeOwner = z.infer<typeof treeOwner>;
export type TreeFacts = z.infer<typeof treeFacts>;
export type RestoreForesight = z.infer<typeof restoreForesight>;
