import { beforeEach, describe, expect, it } from 'vitest';
import { LOOK_ROLE, MOVER_USER_ANNOTATION, ROLE_LABEL, TIER_LABEL } from '../../api/labels.ts';
import { claimRecordKey } from '../../destinations/layout.ts';
import { replicationDestinations } from '../../engines/volsync/kinds.ts';
import { jobs, persistentVolumeClaims, pods } from '../../kube/model/built-in-kinds.ts';
import { backupPolicies } from '../../api/resource-kinds.ts';
import { childOf, isObject } from '#doubles/kube/json.ts';
import { remember } from '#simulation/past.ts';
import { CLAIM, CLAIM_REF, NAMESPACE, World } from '#simulation/world.ts';

let world: World;

beforeEach(() => {
  world = new World();
  world.truth.save({ files: 41, sizeBytes: 8_000_000, complete: true }, world.now() - 3_600_000);
  remember(world);
});

const isCompleted = ({ restore }: World): boolean => restore?.status?.phase === 'Completed';

const users = (): unknown[] =>
  world.attempts.map(({ spec: { restic } }) => (isObject(restic) ? restic['moverSecurityContext'] : undefined));

function annotate(name: string, value: string): void {
  world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
    childOf(childOf(object, 'metadata'), 'annotations')[name] = value;
  });
}

/** What the ledger says of the volume that was backed up. */
function recordCapacity(volumeCapacityBytes: number): void {
  const { id = '', timeMilliseconds = 0 } = world.truth.newest ?? {};
  const time = new Date(timeMilliseconds).toISOString();
  const lastGoodBackup = { snapshotId: id, time, sizeBytes: 8_000_000, files: 40, directories: 1 };
  const claim = { namespace: NAMESPACE, claim: CLAIM };
  const rest = { claimUid: 'before', policy: 'hourly', recordedAt: time, volumeCapacityBytes };
  const record = { version: 1, ...claim, ...rest, lastGoodBackup };
  const bytes = new TextEncoder().encode(JSON.stringify(record));
  world.destination.restic.store.objects.set(claimRecordKey(claim), bytes);
}

describe('a claim that waits', () => {
  it('has its mover run as the user that is named while the mover fails', async () => {
    world.createClaim('restore');
    await world.until(({ attempts }) => attempts[0]?.spec['paused'] === false);
    expect(users()).toEqual([undefined]);
    await world.look();
    world.engine.startMovers();
    world.cluster.schedule();
    world.engine.endMovers('error');
    await world.look();
    annotate(MOVER_USER_ANNOTATION, '999:999');
    await world.until(({ attempts }) => attempts.some(({ metadata }) => metadata.name.endsWith('-2')));
    expect(users()).toMatchObject([{ runAsUser: 999, runAsGroup: 999 }]);
    await world.until(isCompleted);
  });

  it('keeps a mover that runs as root whoever is named: another one would refuse what this one may have written', async () => {
    world = new World({ engine: 'Restic' });
    world.truth.save({ files: 41, sizeBytes: 8_000_000, complete: true }, world.now() - 3_600_000);
    remember(world);
    world.createClaim('restore');
    const movers = ({ server }: World) => server.list(jobs).map(({ metadata }) => metadata.uid);
    await world.until((one) => movers(one).length > 0);
    const before = movers(world);
    annotate(MOVER_USER_ANNOTATION, '999:999');
    for (let round = 0; round < 3; round += 1) await world.calmRound();
    expect(movers(world)).toEqual(before);
    expect(world.restore?.status?.attempts).toBe(1);
  });

  it('invariant 14: has its volume looked into as the user that is named once the first one is refused', async () => {
    const detail = 'pods "rebound-look-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true';
    world.process.client.refuse(pods, { code: 403, detail });
    world.createClaim('restore');
    annotate(MOVER_USER_ANNOTATION, '0');
    await world.until(({ told }) => told.includes('RestoreHeld'));
    expect(world.events.at(-1)?.message).toContain(detail);
    expect(world.events.at(-1)?.message).toContain('Annotation rebound.dev/mover-user on the claim');
    annotate(MOVER_USER_ANNOTATION, '999:999');
    world.process.client.allow(pods);
    const look = ({ server }: World) =>
      server.list(pods).find(({ metadata }) => metadata.labels?.[ROLE_LABEL] === LOOK_ROLE);
    await world.until((one) => look(one) !== undefined);
    expect(look(world)?.spec.securityContext).toMatchObject({ runAsUser: 999, runAsGroup: 999, runAsNonRoot: true });
    await world.until(isCompleted);
  });

  it('invariant 14: has its cache as its tier says by now, where the one before was refused', async () => {
    const refusal =
      'persistentvolumeclaims "volsync-dst-cache" is forbidden: maximum storage usage per PersistentVolumeClaim is 512Mi, but request is 1Gi';
    world.createClaim('restore');
    await world.until(({ attempts }) => attempts[0]?.spec['paused'] === false);
    world.server.change(replicationDestinations, world.attempts[0]?.metadata ?? CLAIM_REF, (object) => {
      const condition = { type: 'Synchronizing', status: 'False', reason: 'Error', message: refusal };
      object['status'] = { conditions: [{ ...condition, lastTransitionTime: '2030-01-01T00:00:00Z' }] };
    });
    await world.look();
    expect(world.events.at(-1)).toMatchObject({ type: 'Warning', reason: 'RestoreFailing' });
    expect(world.events.at(-1)?.message).toContain(refusal);
    expect(world.events.at(-1)?.message).toContain('LimitRange must have room for one mover and its cache claim');
    world.server.change(backupPolicies, { name: 'hourly' }, (object) => {
      childOf(childOf(object, 'spec'), 'volSync')['cacheCapacity'] = '256Mi';
    });
    await world.look();
    expect(world.attempts[0]?.spec['restic']).toMatchObject({ cacheCapacity: '256Mi' });
    expect(world.attempts[0]?.spec['paused']).toBe(false);
  });

  it('is restored by the tier that it is given while its own does not exist', async () => {
    world.createClaim('restore');
    world.setLabel('gone');
    await world.look();
    await world.look();
    expect(world.claim?.metadata.labels?.[TIER_LABEL]).toBe('gone');
    expect(world.restore?.status?.conditions?.[0]?.reason).toBe('UnknownTier');
    expect(world.restore?.spec.policyName).toBe('gone');
    world.setLabel('hourly');
    await world.until(isCompleted);
    expect(world.restore?.status?.policyName).toBe('hourly');
  });
});

describe('the claim that gets the volume first', () => {
  it('has what decides which volume that is, and is as large as the volume was', async () => {
    world.createClaim('restore');
    world.server.change(persistentVolumeClaims, CLAIM_REF, (object) => {
      childOf(object, 'spec')['volumeAttributesClassName'] = 'quick';
    });
    annotate('nfs.io/storage-path', 'shop');
    recordCapacity(5 * 1024 ** 3);
    await world.until(({ prime }) => prime !== undefined);
    expect(world.prime?.metadata.annotations).toEqual({ 'nfs.io/storage-path': 'shop' });
    expect(world.prime?.spec.volumeAttributesClassName).toBe('quick');
    expect(world.prime?.spec.resources).toEqual({ requests: { storage: String(5 * 1024 ** 3) } });
    expect(world.events.find(({ reason }) => reason === 'VolumeEnlarged')?.message).toContain('asks for 1Gi');
  });

  it('is no smaller than the claim', async () => {
    world.createClaim('restore');
    recordCapacity(1000);
    await world.until(({ prime }) => prime !== undefined);
    expect(world.prime?.spec.resources).toEqual({ requests: { storage: '1Gi' } });
    expect(world.told).not.toContain('VolumeEnlarged');
  });
});
