import { z } from 'zod';
import { conditions, objectMetadata, timestamp } from '../kube/model/crd-schema.ts';

const secretName = (holds: string) =>
  z.string().min(1).max(253).describe(`Name of a Secret in rebound-system. ${holds}`);

const s3 = z
  .object({
    bucket: z.string().min(3).max(63).describe('The bucket. It must exist: Rebound never creates buckets.'),
    prefix: z
      .string()
      .max(512)
      .regex(/^([A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*)?$/)
      .default('')
      .describe('Folder inside the bucket, without slashes at its ends. Empty means the top.'),
    endpoint: z
      .string()
      .max(256)
      .regex(/^https?:\/\/[^/]+$/)
      .optional()
      .describe(
        'URL of an S3-compatible server, scheme and host only. It must speak ListObjectsV2. Leave out for AWS.',
      ),
    region: z
      .string()
      .min(1)
      .default('us-east-1')
      .describe('Region that requests are signed for; "garage" for a Garage that was not told another.'),
    forcePathStyle: z
      .boolean()
      .optional()
      .describe(
        'Address the bucket in the path instead of the host name. The default is true with an endpoint; false is refused with an endpoint that the movers of the engine address by path.',
      ),
    credentialsSecretName: secretName(
      'Its keys: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, and optionally AWS_SESSION_TOKEN. Give keys that can reach this bucket and prefix only.',
    ),
    caSecretName: secretName('Its key ca.crt holds the certificate authority of the endpoint (PEM).').optional(),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: "!has(self.endpoint) || !has(self.forcePathStyle) || self.forcePathStyle || self.endpoint.matches('^https?://([^/]+[.])?(amazonaws[.]com|amazonaws[.]com[.]cn|storage[.]googleapis[.]com|aliyuncs[.]com)(:[0-9]+)?$')",
        message:
          "forcePathStyle must not be false with this endpoint: the engine's movers put the bucket into the path",
      },
      {
        rule: "self.prefix.matches('(^|/)[.]{1,2}(/|$)') == false",
        message: 'prefix must not hold . or ..',
      },
    ],
  });

const nfs = z.object({
  server: z.string().min(1).describe('Host name or address of the NFS server.'),
  path: z.string().regex(/^\//).describe('Exported path, absolute.'),
});

const azure = z.object({
  storageAccount: z.string().min(3).max(24).describe('The storage account.'),
  container: z.string().min(3).max(63).describe('The blob container. It must exist.'),
  prefix: z.string().max(512).default('').describe('Folder inside the container.'),
  credentialsSecretName: secretName('Its key: AZURE_ACCOUNT_KEY.'),
});

const local = z.object({
  path: z.string().regex(/^\//).describe('Folder on the node, absolute. For tests and single-node clusters.'),
});

const rate = (what: string) =>
  z
    .int()
    .min(1)
    .max(1_000_000_000)
    .optional()
    .describe(`KiB a second at most that each mover ${what}. Without it, as fast as it goes.`);

const destinationLimits = z.object({
  movers: z
    .int()
    .min(1)
    .max(1000)
    .optional()
    .describe(
      'How many movers work with it at the same time; of more than one, the last place is kept for a restore. Without it, as many as the ReboundSettings allow.',
    ),
  uploadKiBPerSecond: rate('sends'),
  downloadKiBPerSecond: rate('fetches'),
});

export type DestinationLimits = z.infer<typeof destinationLimits>;

export const backupDestinationSpec = z
  .object({
    s3: s3.optional().describe('An S3-compatible object store.'),
    nfs: nfs.optional().describe('An NFS export. Not supported by this release: claims wait.'),
    azure: azure.optional().describe('Azure Blob Storage. Not supported by this release: claims wait.'),
    local: local.optional().describe('A folder on the node. Not supported by this release: claims wait.'),
    repositoryPasswordSecretName: secretName(
      'Its key masterPassword is what every repository password is derived from. Keep a copy outside the cluster: without it no backup can be read.',
    ),
    identity: z
      .string()
      .regex(/^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/)
      .optional()
      .describe(
        'The identity that the destination must have, as status.identity showed it. With it, a wrong or emptied store is never taken for a new one. Without it, an empty store is given an identity at first use.',
      ),
    consulted: z
      .boolean()
      .default(true)
      .describe(
        'Whether it is asked too before a claim of a tier with another destination starts blank. False for one that holds backups which are never to come back by themselves.',
      ),
    limits: destinationLimits
      .optional()
      .describe("What movers of Rebound's own (engine Restic) may take of it. VolSync's are not bounded by it."),
  })
  .meta({
    'x-kubernetes-validations': [
      {
        rule: '[has(self.s3), has(self.nfs), has(self.azure), has(self.local)].filter(x, x).size() == 1',
        message: 'exactly one of s3, nfs, azure and local must be set',
      },
    ],
  });

export const backupDestinationStatus = z.object({
  observedGeneration: z.int().optional(),
  reachable: z.boolean().optional().describe('Whether the last probe got a certain answer.'),
  identity: z.string().optional().describe('What .rebound/destination.json in the store names it.'),
  initializedTime: timestamp('When the store was given its identity, as .rebound/destination.json says.').optional(),
  initializeMet: z
    .string()
    .optional()
    .describe(
      'The value of the annotation rebound.dev/initialize that was carried out. It counts once, until it is set anew.',
    ),
  movers: z
    .object({
      running: z.int().describe('How many work with it.'),
      waiting: z.int().describe('How many wait for their turn.'),
      waitsFor: z.string().optional().describe('What the first of them waits for, in words.'),
    })
    .optional()
    .describe("Rebound's own movers, some seconds late. Absent where there was none yet."),
  conditions: conditions.optional(),
});

export const backupDestination = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: objectMetadata,
  spec: backupDestinationSpec,
  status: backupDestinationStatus.optional(),
});

export type BackupDestinationStatus = z.infer<typeof backupDestinationStatus>;
export type BackupDestination = z.infer<typeof backupDestination>;
