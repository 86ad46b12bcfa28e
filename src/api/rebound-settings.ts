import { z } from 'zod';
import { objectMetadata } from '../kube/model/crd-schema.ts';

/** Name of the only one that counts. Without it all is as shipped. */
export const SETTINGS_NAME = 'default';

const limit = (shipped: number) => z.int().min(1).max(1000).default(shipped);

export const moverLimits = z.object({
  restores: limit(4).describe('How many restores work at the same time.'),
  backups: limit(4).describe('How many backups work at the same time. They never take the place of a restore.'),
  firstBackups: limit(2).describe(
    'How many of these backups may be the first ones of their claims, which read and send the whole volume.',
  ),
  maintenance: limit(2).describe('How many repositories are freed of old snapshots at the same time.'),
});

export const reboundSettingsSpec = z.object({
  limits: moverLimits
    .prefault({})
    .describe(
      "How many movers of Rebound's own (engine Restic) work at the same time in the whole cluster. VolSync's are not counted.",
    ),
});

export const reboundSettings = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: objectMetadata,
  spec: reboundSettingsSpec,
});

export type MoverLimits = z.infer<typeof moverLimits>;
export type ReboundSettings = z.infer<typeof reboundSettings>;
