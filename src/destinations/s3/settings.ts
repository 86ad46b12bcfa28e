import { z } from 'zod';

// Unreserved URL characters only: such a path reads the same in a URL, in a signature, in a listing and in restic.
const PREFIX = /^([A-Za-z0-9._-]+(\/[A-Za-z0-9._-]+)*)?$/;

// What fits into a header. A line end at the end of a Secret's value is the common mistake.
const credential = z.string().regex(/^[\x21-\x7e]+$/, 'must be printable characters without blanks or line ends');

const isPlainOrigin = (endpoint: string): boolean => {
  if (!URL.canParse(endpoint)) return false;
  const url = new URL(endpoint);
  const isHttp = url.protocol === 'http:' || url.protocol === 'https:';
  return isHttp && url.username === '' && url.password === '' && url.pathname === '/' && url.search + url.hash === '';
};

// By any of these names restic, without being told, puts the bucket into the host name, and by no other (minio-go,
// pkg/s3utils, IsVirtualHostSupported): a mover can't be told otherwise by its repository's URL.
const HOSTS_WITH_BUCKETS = /(^|\.)(amazonaws\.com|amazonaws\.com\.cn|storage\.googleapis\.com|aliyuncs\.com)$/;

const isReachedByMovers = (settings: { readonly endpoint?: string | undefined; readonly forcePathStyle: boolean }) =>
  settings.forcePathStyle ||
  settings.endpoint === undefined ||
  HOSTS_WITH_BUCKETS.test(URL.parse(settings.endpoint)?.hostname ?? '');

/** How to reach an S3 bucket. The credentials must not be logged. */
export const s3Settings = z
  .object({
    /** URL of the server, scheme, host and port only. Absent: AWS, by region. */
    endpoint: z
      .string()
      .refine(isPlainOrigin, 'must be http(s)://host[:port] without credentials or a path')
      .optional(),
    region: z.string().regex(/^[A-Za-z0-9-]{1,63}$/),
    bucket: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{1,61}[A-Za-z0-9]$/),
    /** Folder inside the bucket without slashes at its ends; empty is the top. */
    prefix: z
      .string()
      .max(512)
      .regex(PREFIX, 'must be folders of letters, digits, dots, dashes and underscores, separated by single slashes')
      .refine((prefix) => !prefix.split('/').some((part) => part === '.' || part === '..'), 'must not hold . or ..'),
    /** Address the bucket in the path (true) or in the host name (false). */
    forcePathStyle: z.boolean(),
    accessKeyId: credential,
    secretAccessKey: credential,
    sessionToken: credential.optional(),
    /** Certificate authorities to trust instead of the public ones, PEM. */
    caPem: z.string().min(1).optional(),
  })
  .refine(isReachedByMovers, {
    path: ['forcePathStyle'],
    message:
      "must not be false with this endpoint: the engine's movers put the bucket into the path, so backups would fail",
  });

export type S3Settings = z.infer<typeof s3Settings>;
