import { beforeEach, describe, expect, it } from 'vitest';
import { type BackupDestination, backupDestination } from '../api/backup-destination.ts';
import type { Secret } from '../kube/model/built-in-kinds.ts';
import { UnreadableObjectError } from '../kube/model/unreadable-object.ts';
import { DestinationCatalog } from './catalog.ts';
import type { Destination } from './destination.ts';
import { createS3Destination } from './s3/s3-destination.ts';

type Data = Record<string, string>;

const identity = '01234567-89ab-4cde-8f01-23456789abcd';
const s3 = { bucket: 'backups', endpoint: 'http://127.0.0.1:9', credentialsSecretName: 'keys' };

const destinationOf = (spec: object, status: object = {}): BackupDestination =>
  backupDestination.parse({
    apiVersion: 'rebound.dev/v1alpha1',
    kind: 'BackupDestination',
    metadata: { name: 'default' },
    spec: { repositoryPasswordSecretName: 'master', ...spec },
    status,
  });

const secretOf = (values: Data): Pick<Secret, 'data'> => ({
  data: Object.fromEntries(Object.entries(values).map(([key, value]) => [key, btoa(value)])),
});

const keys = { AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: 'very-secret' };

describe('DestinationCatalog', () => {
  let destinations: Map<string, BackupDestination>;
  let secrets: Map<string, Pick<Secret, 'data'>>;
  let opened: { readonly identity: string | undefined; closed: boolean }[];
  let catalog: DestinationCatalog;

  const open: typeof createS3Destination = (settings, options) => {
    const record = { identity: options.expectedIdentity, closed: false };
    opened.push(record);
    const destination: Destination = createS3Destination(settings, options);
    return {
      ...destination,
      close: async () => {
        record.closed = true;
        await destination.close();
      },
    };
  };

  beforeEach(() => {
    destinations = new Map([['default', destinationOf({ s3 }, { identity })]]);
    secrets = new Map([
      ['keys', secretOf(keys)],
      ['master', secretOf({ masterPassword: 'correct horse' })],
    ]);
    opened = [];
    const sources = {
      destination: (name: string) => destinations.get(name),
      secret: (name: string) => secrets.get(name),
    };
    catalog = new DestinationCatalog(sources, { open, retireMilliseconds: 1 });
  });

  it('opens a destination with its settings and the master password', () => {
    const result = catalog.open('default');
    expect(result).toMatchObject({
      ok: true,
      masterPassword: 'correct horse',
      settings: { bucket: 'backups', prefix: '', region: 'us-east-1', forcePathStyle: true, accessKeyId: 'AKIA' },
    });
    expect(opened).toEqual([{ identity, closed: false }]);
  });

  it('keeps it open while nothing that matters changes', () => {
    const first = catalog.openStore('default');
    expect(catalog.openStore('default')).toBe(first);
    destinations.set('default', destinationOf({ s3 }, { identity, reachable: true, lastProbeTime: 'later' }));
    secrets.set('keys', secretOf(keys));
    expect(catalog.openStore('default')).toBe(first);
    expect(opened).toHaveLength(1);
  });

  it.each([
    ['the credentials', () => secrets.set('keys', secretOf({ ...keys, AWS_SECRET_ACCESS_KEY: 'new' }))],
    ['the spec', () => destinations.set('default', destinationOf({ s3: { ...s3, prefix: 'other' } }, { identity }))],
    ['the identity', () => destinations.set('default', destinationOf({ s3, identity: identity.replace('0', 'f') }))],
  ])('opens it anew when %s changed, and closes the old one after a while', async (_, change) => {
    catalog.openStore('default');
    change();
    catalog.openStore('default');
    expect(opened).toHaveLength(2);
    await expect.poll(() => opened.map(({ closed }) => closed)).toEqual([true, false]);
  });

  it('prefers the identity of the spec to that of the status', () => {
    const wanted = identity.replace('0', 'f');
    destinations.set('default', destinationOf({ s3, identity: wanted }, { identity }));
    catalog.openStore('default');
    expect(opened[0]?.identity).toBe(wanted);
  });

  it('invariant 2: without a known identity every probe is unknown', async () => {
    destinations.set('default', destinationOf({ s3 }));
    const result = catalog.openStore('default');
    if (!result.ok) throw new Error(result.message);
    const probe = await result.destination.probe('shop/db', { timeoutMilliseconds: 500 });
    expect(probe).toMatchObject({ kind: 'unknown', reason: 'NotInitialized' });
  });

  it('says that a destination does not exist', () => {
    expect(catalog.openStore('other')).toMatchObject({ ok: false, reason: 'DestinationMissing' });
  });

  it('says that a type is not supported', () => {
    destinations.set('default', destinationOf({ nfs: { server: 'nas', path: '/x' } }));
    expect(catalog.openStore('default')).toMatchObject({ ok: false, reason: 'DestinationUnsupported' });
  });

  it('says which Secret or key is missing, and forgets what it had', () => {
    expect(catalog.openStore('default').ok).toBe(true);
    secrets.set('keys', secretOf({ AWS_ACCESS_KEY_ID: 'AKIA', AWS_SECRET_ACCESS_KEY: '' }));
    const incomplete = catalog.openStore('default');
    expect(incomplete).toMatchObject({ reason: 'SecretIncomplete' });
    expect(JSON.stringify(incomplete)).toMatch(/rebound-system\/keys.*AWS_SECRET_ACCESS_KEY/);
    secrets.delete('keys');
    expect(catalog.openStore('default')).toMatchObject({ reason: 'SecretMissing' });
  });

  it('needs the master password for repositories only', () => {
    secrets.delete('master');
    expect(catalog.openStore('default').ok).toBe(true);
    expect(catalog.open('default')).toMatchObject({ ok: false, reason: 'SecretMissing' });
  });

  it('invariant 9: names what is wrong with a credential without repeating it', () => {
    secrets.set('keys', secretOf({ ...keys, AWS_SECRET_ACCESS_KEY: 'very-secret\n' }));
    const result = catalog.openStore('default');
    expect(result).toMatchObject({ ok: false, reason: 'DestinationInvalid' });
    expect(JSON.stringify(result)).toContain('secretAccessKey');
    expect(JSON.stringify(result)).not.toContain('very-secret');
  });

  it('reads the certificate authority from its Secret', () => {
    destinations.set('default', destinationOf({ s3: { ...s3, caSecretName: 'ca' } }, { identity }));
    expect(catalog.openStore('default')).toMatchObject({ reason: 'SecretMissing' });
    secrets.set('ca', secretOf({ 'ca.crt': 'PEM' }));
    expect(catalog.openStore('default')).toMatchObject({ ok: true, settings: { caPem: 'PEM' } });
  });

  it('does not take an object that cannot be read for one that is absent', () => {
    const broken = new DestinationCatalog({
      destination: () => {
        throw new UnreadableObjectError('default exists but cannot be read: spec is missing');
      },
      secret: () => undefined,
    });
    expect(broken.openStore('default')).toMatchObject({ ok: false, reason: 'DestinationInvalid' });
  });

  it('closes everything at the end', async () => {
    catalog.openStore('default');
    await catalog.close();
    expect(opened.map(({ closed }) => closed)).toEqual([true]);
  });
});
