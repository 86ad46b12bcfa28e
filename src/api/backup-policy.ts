import { z } from 'zod';
import { conditions, objectMetadata } from '../kube/model/crd-schema.ts';

const keep = (unit: string) => z.int().min(0).max(10_000).optional().describe(`How many ${unit} to keep.`);

const retention = z
  .object({
    last: z
      .int()
      .min(1)
      .max(10_000)
      .default(3)
      .describe('How many of the newest snapshots to keep, whatever their age.'),
    hourly: keep('hourly snapshots'),
    daily: keep('daily snapshots'),
    weekly: keep('weekly snapshots'),
    monthly: keep('monthly snapshots'),
    yearly: keep('yearly snapshots'),
  })
  .describe(
    'Which snapshots are kept. A snapshot that any rule keeps stays, and so does any that is younger than two days and two and a half intervals.',
  );

const schedule = z
  .object({
    every: z.enum(['Hour', 'Day', 'Week']).optional().describe('How often a claim is backed up.'),
    cron: z
      .string()
      .max(200)
      .regex(/^(@(hourly|daily|weekly|monthly|yearly)|[^ @]+( [^ ]+){4})$/)
      .optional()
      .describe(
        'In the place of every: when claims are backed up, as a cron expression of five fields. All claims of the tier are due at the same time. What the engine VolSync can understand is less: numbers, lists, ranges and steps.',
      ),
    timeZone: z
      .string()
      .min(1)
      .max(64)
      .optional()
      .describe('Of cron and of windowStartHour, as the IANA names it: Europe/Berlin. UTC when left out.'),
    windowStartHour: z
      .int()
      .min(0)
      .max(23)
      .default(0)
      .describe('Day and Week: the hour at which the window opens that start times are spread over.'),
    windowHours: z.int().min(1).max(24).default(6).describe('Day and Week: how many hours the window lasts.'),
  })
  .meta({
    'x-kubernetes-validations': [
      { rule: 'has(self.every) != has(self.cron)', message: 'exactly one of every and cron must be set' },
    ],
  })
  .describe(
    'When backups run. With every, the exact minute of each claim follows from its namespace and name, so that starts are spread.',
  );

const restore = z
  .object({
    unvouched: z
      .enum(['Hold', 'Take'])
      .default('Hold')
      .describe(
        'What becomes of a newest snapshot that the ledger does not vouch for, and that may lack what an older one holds. Hold: the claim waits until someone chooses. Take: it is restored, with a warning.',
      ),
    foreign: z
      .enum(['Restore', 'Hold'])
      .default('Restore')
      .describe(
        'What becomes of a claim whose backups another living cluster writes. Restore: it gets the newest of them, with a warning. Hold: it waits until that cluster gives the claim up, or is silent for 10 minutes.',
      ),
  })
  .describe('How claims are restored.');

/** What moves the bytes of a volume. */
export const engineName = z.enum(['VolSync', 'Restic']);

export type EngineName = z.infer<typeof engineName>;

/** What moves the bytes where a tier says nothing, and where the engine that it names can't. */
export const DEFAULT_ENGINE = 'VolSync' satisfies EngineName;

export const backupPolicySpec = z.object({
  schedule,
  retention: retention.prefault({}),
  restore: restore.prefault({}),
  destination: z.string().min(1).max(253).default('default').describe('Name of the BackupDestination.'),
  suspend: z.boolean().default(false).describe('Stops new backups. Restores go on.'),
  engine: engineName
    .default(DEFAULT_ENGINE)
    .describe(
      'What moves the bytes. Restic: movers of Rebound itself, in the namespace rebound-movers; claims whose class takes no CSI snapshots are backed up by VolSync all the same.',
    ),
  volSync: z
    .object({
      copyMethod: z
        .enum(['Snapshot', 'Clone', 'Direct'])
        .default('Snapshot')
        .describe('How a point in time of the volume is taken. Direct reads the live volume.'),
      volumeSnapshotClassName: z
        .string()
        .min(1)
        .optional()
        .describe('The default class when left out. Engine Restic heeds it too.'),
      cacheCapacity: z.string().min(1).default('1Gi').describe("Size of the mover's cache volume."),
      cacheStorageClassName: z
        .string()
        .min(1)
        .optional()
        .describe(
          "Class of the cache volume. When left out: the claim's, or the default class where that provisions nothing.",
        ),
      pruneIntervalDays: z.int().min(1).max(365).default(7).describe('Days between two prunes of a repository.'),
    })
    .prefault({})
    .describe('Settings of the VolSync engine.'),
});

export const backupPolicyStatus = z.object({
  observedGeneration: z.int().optional(),
  protectedVolumes: z.int().optional().describe('How many claims carry this tier.'),
  conditions: conditions.optional(),
});

export const backupPolicy = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: objectMetadata.extend({
    /** Who wrote which part: they tell a tier that Rebound made by itself from one that a person applied. */
    managedFields: z.array(z.object({ manager: z.string().optional(), subresource: z.string().optional() })).optional(),
  }),
  spec: backupPolicySpec,
  status: backupPolicyStatus.optional(),
});

export type Retention = z.infer<typeof retention>;
export type Schedule = z.infer<typeof schedule>;
export type BackupPolicySpec = z.infer<typeof backupPolicySpec>;
export type BackupPolicyStatus = z.infer<typeof backupPolicyStatus>;
export type BackupPolicy = z.infer<typeof backupPolicy>;
