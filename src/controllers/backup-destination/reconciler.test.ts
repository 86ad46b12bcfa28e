import { pino } from 'pino';
import { beforeEach, describe, expect, it } from 'vitest';
import type { BackupDestination } from '../../api/backup-destination.ts';
import { SYSTEM_NAMESPACE } from '../../api/group.ts';
import { INITIALIZE_ANNOTATION } from '../../api/labels.ts';
import { encodeIdentity, newDestinationIdentity, parseIdentity } from '../../destinations/identity.ts';
import { IDENTITY_KEY } from '../../destinations/layout.ts';
import { failure } from '../../destinations/outcome.ts';
import { secrets } from '../../kube/model/built-in-kinds.ts';
import { backupDestinations } from '../../api/resource-kinds.ts';
import { IDENTITY } from '#doubles/destinations/destination-double.ts';
import { childOf, type JsonObject } from '#doubles/kube/json.ts';
import { World } from '#simulation/world.ts';
import { BackupDestinationReconciler } from './reconciler.ts';

const ref = { name: 'default' };
const other = '00000000-0000-4000-8000-000000000009';
const recordKey = '.rebound/claims/shop/old.json';

let world: World;

const objects = () => world.destination.restic.store.objects;

function present(): BackupDestination {
  const object = world.server.get(backupDestinations, ref);
  if (object === undefined) throw new Error('the destination is gone');
  return object;
}

/** The controller looks at the destination; returns what its Ready condition then says. */
async function look() {
  world.process.copies.seeEverything();
  await new BackupDestinationReconciler(
    { ...world.process.context, log: pino({ level: 'silent' }) },
    { current: undefined },
  ).reconcile(ref.name);
  world.process.copies.seeEverything();
  return present().status?.conditions?.find(({ type }) => type === 'Ready');
}

const edit = (change: (object: JsonObject) => void): void => {
  world.server.change(backupDestinations, ref, change);
};

const unpin = (): void => edit((object) => Reflect.deleteProperty(childOf(object, 'spec'), 'identity'));

const annotate = (value: string): void =>
  edit((object) => (childOf(childOf(object, 'metadata'), 'annotations')[INITIALIZE_ANNOTATION] = value));

const setPassword = (password: string): void =>
  world.server.change(secrets, { namespace: SYSTEM_NAMESPACE, name: 'master' }, (object) => {
    childOf(object, 'data')['masterPassword'] = Buffer.from(password).toString('base64');
  });

const storedId = (): string | undefined => {
  const bytes = objects().get(IDENTITY_KEY);
  const identity = bytes === undefined ? undefined : parseIdentity(bytes);
  return identity?.ok === true ? identity.value.id : undefined;
};

const putRecord = (destinationId: string | undefined): void => {
  objects().set(recordKey, Buffer.from(JSON.stringify({ version: 1, destinationId })));
};

beforeEach(() => {
  world = new World();
});

describe('BackupDestinationReconciler', () => {
  it('accepts the expected store, and remembers when it was given its identity', async () => {
    expect(await look()).toMatchObject({ status: 'True', reason: 'Reachable' });
    expect(present().status).toMatchObject({ identity: IDENTITY, initializedTime: '1970-01-01T00:00:00.000Z' });
  });

  it('gives no new store its identity under a password that can be guessed, and says how to make one that cannot', async () => {
    unpin();
    objects().clear();
    setPassword('hunter2');
    expect(await look()).toMatchObject({ status: 'False', reason: 'WeakMasterPassword' });
    expect((await look())?.message).toContain('openssl rand -base64 48');
    expect((await look())?.message).not.toContain('hunter2');
    expect(storedId()).toBeUndefined();
    setPassword('OdX0Yh2Zc1v7q8JrW5nK3mT6bL9pS4fGAeUiHxMz');
    expect(await look()).toMatchObject({ status: 'True', reason: 'Reachable' });
    expect(storedId()).toBeDefined();
  });

  it('goes on with a store in use whose password can be guessed, and shows it', async () => {
    setPassword('hunter2');
    expect(await look()).toMatchObject({ status: 'True', reason: 'Reachable' });
    const shown = () => present().status?.conditions?.find(({ type }) => type === 'WeakMasterPassword');
    expect(shown()).toMatchObject({ status: 'True', reason: 'Guessable' });
    expect(shown()?.message).not.toContain('hunter2');
    setPassword('OdX0Yh2Zc1v7q8JrW5nK3mT6bL9pS4fGAeUiHxMz');
    await look();
    expect(shown()).toMatchObject({ status: 'False', reason: 'Strong' });
  });

  it('takes over the identity of a store that a former cluster used', async () => {
    unpin();
    await look();
    expect(present().status?.identity).toBe(IDENTITY);
  });

  it('refuses another store', async () => {
    objects().set(IDENTITY_KEY, encodeIdentity(newDestinationIdentity(other, new Date(0))));
    expect(await look()).toMatchObject({ status: 'False', reason: 'WrongIdentity' });
  });

  it('writes a lost identity back where all records name it, with a warning', async () => {
    objects().delete(IDENTITY_KEY);
    putRecord(IDENTITY);
    expect(await look()).toMatchObject({ status: 'True' });
    expect(storedId()).toBe(IDENTITY);
    expect(world.events).toMatchObject([{ type: 'Warning', reason: 'IdentityWrittenBack' }]);
  });

  it.each([
    ['nothing', undefined, false],
    ['records of an earlier release', undefined, true],
    ['records of another destination', other, true],
  ])('invariant 12: writes no identity into a store that lost it and holds %s, until told so', async (_, id, has) => {
    objects().delete(IDENTITY_KEY);
    if (has) putRecord(id);
    expect(await look()).toMatchObject({ status: 'False', reason: 'IdentityMissing' });
    annotate(other);
    expect(await look()).toMatchObject({ status: 'False', reason: 'IdentityMissing' });
    expect(storedId()).toBeUndefined();
    annotate(IDENTITY);
    expect(await look()).toMatchObject({ status: 'True' });
    expect(storedId()).toBe(IDENTITY);
  });

  it('invariant 2: an annotation that was carried out once does not let a store that is emptied later pass for a new one', async () => {
    objects().delete(IDENTITY_KEY);
    annotate(IDENTITY);
    expect(await look()).toMatchObject({ status: 'True' });
    expect((await look())?.message).toContain('take it off');
    objects().clear();
    expect(await look()).toMatchObject({ status: 'False', reason: 'IdentityMissing' });
    expect((await look())?.message).toContain('Take it off');
    expect(storedId()).toBeUndefined();
    edit((object) => Reflect.deleteProperty(childOf(object, 'metadata'), 'annotations'));
    expect(await look()).toMatchObject({ status: 'False', reason: 'IdentityMissing' });
    annotate(IDENTITY);
    expect(await look()).toMatchObject({ status: 'True' });
    expect(storedId()).toBe(IDENTITY);
  });

  it('invariant 2: an annotation that was there while the store was the right one counts no more either', async () => {
    annotate(IDENTITY);
    expect(await look()).toMatchObject({ status: 'True' });
    objects().clear();
    expect(await look()).toMatchObject({ status: 'False', reason: 'IdentityMissing' });
    expect(storedId()).toBeUndefined();
  });

  it('gives an identity to an empty store, folder markers apart, that nobody has seen before', async () => {
    unpin();
    objects().clear();
    objects().set('shop/', new Uint8Array());
    expect(await look()).toMatchObject({ status: 'True' });
    expect(present().status?.identity).toBe(storedId());
    expect(present().status?.initializedTime).toBe(new Date(world.now()).toISOString());
  });

  it('invariant 12: gives none to a store that holds something, until told so', async () => {
    unpin();
    objects().delete(IDENTITY_KEY);
    objects().set('shop/data/config', Buffer.from('x'));
    const condition = await look();
    expect(condition).toMatchObject({ status: 'False', reason: 'NotInitialized' });
    expect(condition?.message).toContain('it holds shop/data/config');
    expect(storedId()).toBeUndefined();
    annotate('please');
    expect(await look()).toMatchObject({ reason: 'NotInitialized' });
    annotate(other);
    expect(await look()).toMatchObject({ status: 'True' });
    expect(storedId()).toBe(other);
  });

  it('invariant 2: writes nothing while the store cannot be looked through', async () => {
    unpin();
    objects().clear();
    world.destination.restic.store.fault = (call) =>
      call.startsWith('LIST') ? failure('AccessDenied', 'HTTP 403') : undefined;
    expect(await look()).toMatchObject({ status: 'False', reason: 'AccessDenied' });
    expect(objects().size).toBe(0);
  });
});
