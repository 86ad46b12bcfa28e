import type { z } from 'zod';
import type { BackupDestination, DestinationLimits } from '../api/backup-destination.ts';
import { SYSTEM_NAMESPACE } from '../api/group.ts';
import type { Secret } from '../kube/model/built-in-kinds.ts';
import { UnreadableObjectError } from '../kube/model/unreadable-object.ts';
import type { Destination } from './destination.ts';
import type { ProxyEnvironment } from './s3/proxy.ts';
import { createS3Destination } from './s3/s3-destination.ts';
import { s3Settings, type S3Settings } from './s3/settings.ts';

/** Where the catalog looks things up: local copies, so that a change counts at once. Objects are never changed in place. */
export interface CatalogSources {
  readonly destination: (name: string) => BackupDestination | undefined;
  /** A Secret of the system namespace, by name. */
  readonly secret: (name: string) => Pick<Secret, 'data'> | undefined;
}

type CatalogReason =
  'DestinationMissing' | 'DestinationUnsupported' | 'DestinationInvalid' | 'SecretMissing' | 'SecretIncomplete';

/** Why a destination cannot be opened, and what to do about it. Fit for events: it holds no Secret's value. */
export interface Unopened {
  readonly ok: false;
  readonly reason: CatalogReason;
  readonly message: string;
}

export interface OpenedStore {
  readonly ok: true;
  readonly destination: Destination;
  /** Holds credentials. */
  readonly settings: S3Settings;
  /** The identity that the store must have; absent while none is known. */
  readonly expectedIdentity: string | undefined;
  /** What movers may take of it; absent where nothing is set. */
  readonly limits?: DestinationLimits | undefined;
}

export interface OpenedDestination extends OpenedStore {
  /** What the passwords of all repositories are derived from. */
  readonly masterPassword: string;
}

export interface CatalogOptions {
  readonly open?: typeof createS3Destination;
  /** The process's variables, which say through which proxy stores are reached; without them, directly. */
  readonly proxyEnvironment?: ProxyEnvironment;
  /** How long a replaced destination stays open for the calls under way; 30,000 if not given. */
  readonly retireMilliseconds?: number;
}

interface Resolved {
  readonly ok: true;
  readonly settings: S3Settings;
  readonly expectedIdentity: string | undefined;
  readonly limits: DestinationLimits | undefined;
  readonly inputs: readonly unknown[];
}

type SecretText = { readonly ok: true; readonly text: string } | Unopened;

interface Entry {
  readonly opened: OpenedStore;
  readonly fingerprint: string;
  /** The very objects that it was opened from: while they are the same, nothing needs to be looked at. */
  inputs: readonly unknown[];
}

class UnopenedError extends Error {
  readonly unopened: Unopened;

  constructor(reason: CatalogReason, message: string) {
    super(message);
    this.unopened = { ok: false, reason, message };
  }
}

/**
 * Opens the Destination of a BackupDestination from its spec, its status and its Secrets, and keeps it until any of them
 * changes. The store must have the identity of `spec.identity`, else of `status.identity`; while neither is known, every
 * answer of the destination is unknown (`NotInitialized`), and only `initialize` works.
 */
export class DestinationCatalog {
  readonly #sources: CatalogSources;
  readonly #open: typeof createS3Destination;
  readonly #proxyEnvironment: ProxyEnvironment | undefined;
  readonly #retireMilliseconds: number;
  readonly #entries = new Map<string, Entry>();
  readonly #retired = new Map<Destination, NodeJS.Timeout>();

  constructor(sources: CatalogSources, options: CatalogOptions = {}) {
    this.#sources = sources;
    this.#open = options.open ?? createS3Destination;
    this.#proxyEnvironment = options.proxyEnvironment;
    this.#retireMilliseconds = options.retireMilliseconds ?? 30_000;
  }

  /** The destination together with the master password: all that is needed to read and write repositories. */
  open(name: string): OpenedDestination | Unopened {
    const store = this.openStore(name);
    if (!store.ok) return store;
    const password = orUnopened(() => masterPasswordOf(this.#sources, this.#required(name)));
    return password.ok ? { ...store, masterPassword: password.text } : password;
  }

  /** The destination alone: enough to probe. */
  openStore(name: string): OpenedStore | Unopened {
    const kept = this.#entries.get(name);
    if (kept !== undefined && this.#isUnchanged(kept, name)) return kept.opened;
    const resolved = orUnopened(() => this.#resolve(name));
    if (!resolved.ok) {
      this.#forget(name);
      return resolved;
    }
    return this.#keep(name, resolved);
  }

  /** Closes everything at once. Calls under way fail. */
  async close(): Promise<void> {
    for (const name of this.#entries.keys()) this.#forget(name);
    const destinations = [...this.#retired.keys()];
    for (const timer of this.#retired.values()) clearTimeout(timer);
    this.#retired.clear();
    await Promise.all(destinations.map((destination) => destination.close()));
  }

  #isUnchanged(entry: Entry, name: string): boolean {
    const [object, credentials, authority] = entry.inputs;
    try {
      const current = this.#sources.destination(name);
      return (
        current !== undefined &&
        current === object &&
        secretOf(this.#sources, current.spec.s3?.credentialsSecretName) === credentials &&
        secretOf(this.#sources, current.spec.s3?.caSecretName) === authority
      );
    } catch {
      return false;
    }
  }

  #required(name: string): BackupDestination {
    const object = this.#sources.destination(name);
    if (object !== undefined) return object;
    throw new UnopenedError(
      'DestinationMissing',
      `BackupDestination "${name}" does not exist. Create it, or name another one in the BackupPolicy.`,
    );
  }

  #resolve(name: string): Resolved {
    const object = this.#required(name);
    const spec = object.spec.s3;
    if (spec === undefined) {
      throw new UnopenedError(
        'DestinationUnsupported',
        `BackupDestination "${name}" is not of type s3, and this release supports no other. Use an s3 destination.`,
      );
    }
    const secrets = [spec.credentialsSecretName, spec.caSecretName].map((secret) => secretOf(this.#sources, secret));
    return {
      ok: true,
      settings: settingsOf(this.#sources, object, spec),
      expectedIdentity: object.spec.identity ?? object.status?.identity,
      limits: object.spec.limits,
      inputs: [object, ...secrets],
    };
  }

  #keep(name: string, resolved: Resolved): OpenedStore {
    const { settings, expectedIdentity, limits, inputs } = resolved;
    const fingerprint = JSON.stringify([settings, expectedIdentity ?? null, limits ?? null]);
    const kept = this.#entries.get(name);
    if (kept?.fingerprint === fingerprint) {
      kept.inputs = inputs;
      return kept.opened;
    }
    this.#forget(name);
    const destination = this.#open(settings, { expectedIdentity, proxyEnvironment: this.#proxyEnvironment });
    const opened = { ok: true, destination, settings, expectedIdentity, limits } as const;
    this.#entries.set(name, { opened, fingerprint, inputs });
    return opened;
  }

  #forget(name: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    this.#entries.delete(name);
    const { destination } = entry.opened;
    const retire = (): void => {
      this.#retired.delete(destination);
      // It was replaced: nobody waits for it, and its connections die with their sockets in any case.
      destination.close().catch(() => undefined);
    };
    this.#retired.set(destination, setTimeout(retire, this.#retireMilliseconds).unref());
  }
}

const secretOf = (sources: CatalogSources, name: string | undefined): Pick<Secret, 'data'> | undefined =>
  name === undefined ? undefined : sources.secret(name);

type S3Spec = NonNullable<BackupDestination['spec']['s3']>;

function settingsOf(sources: CatalogSources, object: BackupDestination, spec: S3Spec): S3Settings {
  const owner = object.metadata.name;
  const credential = secretReader(sources, spec.credentialsSecretName, `the credentials of "${owner}"`);
  const authority =
    spec.caSecretName === undefined
      ? undefined
      : secretReader(sources, spec.caSecretName, `the certificate authority of "${owner}"`).required('ca.crt');
  const parsed = s3Settings.safeParse({
    endpoint: spec.endpoint,
    region: spec.region,
    bucket: spec.bucket,
    prefix: spec.prefix,
    forcePathStyle: spec.forcePathStyle ?? spec.endpoint !== undefined,
    accessKeyId: credential.required('AWS_ACCESS_KEY_ID'),
    secretAccessKey: credential.required('AWS_SECRET_ACCESS_KEY'),
    sessionToken: credential.optional('AWS_SESSION_TOKEN'),
    caPem: authority,
  });
  if (parsed.success) return parsed.data;
  throw new UnopenedError(
    'DestinationInvalid',
    `BackupDestination "${owner}" cannot be used: ${issues(parsed.error)}.`,
  );
}

/** Paths and reasons only: what zod says of these schemas never repeats a value. */
const issues = (error: z.ZodError): string =>
  error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');

const masterPasswordOf = (sources: CatalogSources, object: BackupDestination): SecretText => {
  const { repositoryPasswordSecretName: name } = object.spec;
  const reader = secretReader(sources, name, `the master password of "${object.metadata.name}"`);
  return { ok: true, text: reader.required('masterPassword') };
};

function secretReader(sources: CatalogSources, name: string, holds: string) {
  const secret = sources.secret(name);
  const where = `Secret ${SYSTEM_NAMESPACE}/${name}`;
  if (secret === undefined) {
    throw new UnopenedError('SecretMissing', `${where}, which holds ${holds}, does not exist. Create it.`);
  }
  const optional = (key: string): string | undefined => {
    const value = secret.data?.[key];
    return value === undefined || value === '' ? undefined : Buffer.from(value, 'base64').toString('utf8');
  };
  const required = (key: string): string => {
    const value = optional(key);
    if (value !== undefined) return value;
    throw new UnopenedError('SecretIncomplete', `${where}, which holds ${holds}, has no key ${key}. Add it.`);
  };
  return { optional, required };
}

function orUnopened<T>(work: () => T): T | Unopened {
  try {
    return work();
  } catch (error) {
    if (error instanceof UnopenedError) return error.unopened;
    if (error instanceof UnreadableObjectError) {
      return { ok: false, reason: 'DestinationInvalid', message: error.message };
    }
    throw error;
  }
}
