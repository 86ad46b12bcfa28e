import { z } from 'zod';
import { timestamp } from '../kube/model/crd-schema.ts';

const removal = z.object({
  time: timestamp('When that was.'),
  snapshots: z.int().describe('How many snapshots were removed.'),
  freedBytes: z.int().optional().describe('Bytes of the store that it freed; absent where nobody heard it say so.'),
});

const failure = z.object({
  time: timestamp('When it last failed.'),
  times: z.int().describe('How often in a row.'),
  kind: z
    .enum(['Refused', 'BrokenOff', 'Failed'])
    .describe(
      'Refused: the store does not let the key delete. BrokenOff: a backup, a restore or a finding came before it. Failed: anything else.',
    ),
  message: z.string().describe('Why, in the words of who failed or refused.'),
});

const heldRemoval = z.object({
  since: timestamp('Since when it waits. The same time, or a later one, in rebound.dev/accept-removal answers it.'),
  rules: z.string().describe('The rules by which it would be, as JSON.'),
  snapshots: z.int().describe('How many snapshots would be removed.'),
  of: z.int().describe('How many there are.'),
});

/** How a repository is kept by Rebound itself, as statuses show it. */
export const maintenance = z.object({
  time: timestamp('When the repository was last looked through, and left with what the tier keeps.').optional(),
  rules: z.string().optional().describe('The rules by which that was, as JSON.'),
  removed: removal.optional().describe('The last time that snapshots were removed.'),
  pruneOwed: z.boolean().optional().describe('Snapshots were removed, and what only they needed may be there still.'),
  failure: failure.optional().describe('Why the last maintenance did not come to its end. Gone with one that does.'),
  held: heldRemoval
    .optional()
    .describe(
      'More than half of all snapshots would go by rules that were changed: none is removed until somebody answers.',
    ),
  request: z.string().optional().describe('The last value of rebound.dev/maintain-now that was carried out.'),
  jobUID: z.string().optional().describe('UID of the Job whose end was recorded last.'),
});

export type MaintenanceFailure = z.infer<typeof failure>;
export type MaintenanceStatus = z.infer<typeof maintenance>;
