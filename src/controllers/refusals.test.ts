import { beforeEach, describe, expect, it } from 'vitest';
import { replicationDestinations, replicationSources } from '../engines/volsync/kinds.ts';
import { persistentVolumeClaims, secrets } from '../kube/model/built-in-kinds.ts';
import type { KubeObject } from '../kube/model/kind.ts';
import { remember } from '#simulation/past.ts';
import { NAMESPACE, World } from '#simulation/world.ts';

const quota =
  'persistentvolumeclaims "rebound-prime" is forbidden: exceeded quota: small, requested: persistentvolumeclaims=1, used: persistentvolumeclaims=1, limited: persistentvolumeclaims=1';

const missing = { code: 404, detail: '404 page not found' };

let world: World;

beforeEach(() => {
  world = new World();
});

async function lookFor(minutes: number): Promise<void> {
  for (let passed = 0; passed < minutes; passed += 1) {
    await world.look();
    world.wait(60_000);
  }
}

const isHere = ({ metadata }: KubeObject): boolean => metadata.namespace === NAMESPACE;
const isCompleted = ({ restore }: World): boolean => restore?.status?.phase === 'Completed';
const ready = (one: World['restore'] | World['protection']) =>
  one?.status?.conditions?.find((condition) => condition.type === 'Ready');
const warnings = (reason: string) => world.events.filter((one) => one.type === 'Warning' && one.reason === reason);

describe('a restore that the API server refuses something', () => {
  beforeEach(() => {
    world.truth.save({ files: 41, sizeBytes: 8_000_000, complete: true }, world.now() - 3_600_000);
    remember(world);
    world.createClaim('restore');
  });

  it("invariant 14: says so on the claim in the server's own words, as long as it lasts, and goes on by itself", async () => {
    world.process.client.refuse(persistentVolumeClaims, { code: 403, detail: quota });
    await lookFor(20);
    expect(ready(world.restore)).toMatchObject({ reason: 'Refused', status: 'False' });
    expect(ready(world.restore)?.message).toContain(quota);
    expect(warnings('RestoreHeld').length).toBeGreaterThan(15);
    expect(world.claim?.status?.phase).toBe('Pending');
    world.process.client.allow(persistentVolumeClaims);
    await world.until(isCompleted);
    expect(world.content?.files).toBe(41);
  });

  it.each([
    ['a policy', secrets, 403, 'admission webhook "validate.kyverno.svc" denied the request: labels are required'],
    ['validation', persistentVolumeClaims, 422, 'spec.resources.requests.storage: Invalid value: "0"'],
  ])('invariant 14: repeats %s', async (_, kind, code, detail) => {
    world.process.client.refuse(kind, { code, detail });
    await lookFor(5);
    // What is said about a Secret that is invalid could quote it; what forbids it does not.
    expect(warnings('RestoreHeld').at(-1)?.message).toContain(detail);
    world.process.client.allow(kind);
    await world.until(isCompleted);
  });

  it("invariant 14: says that VolSync's CRDs are missing, and goes on when they come", async () => {
    world.process.client.refuse(replicationDestinations, missing);
    await lookFor(5);
    expect(ready(world.restore)).toMatchObject({ reason: 'EngineMissing', status: 'False' });
    expect(warnings('RestoreHeld').at(-1)?.message).toContain("VolSync's CRDs are missing. Install VolSync");
    expect(warnings('RestoreHeld').length).toBeGreaterThan(3);
    expect(world.server.list(secrets).filter(isHere)).toEqual([]);
    world.process.client.allow(replicationDestinations);
    await world.until(isCompleted);
    expect(world.content?.files).toBe(41);
  });
});

describe('a protection that the API server refuses something', () => {
  beforeEach(async () => {
    world.createClaim('fresh');
    world.scale(1);
    await world.until(({ isAppRunning }) => isAppRunning);
    world.write((content) => ({ ...content, files: 9, sizeBytes: 1_000_000, complete: true }));
  });

  async function goOn(): Promise<void> {
    await world.calmRound();
    world.backUp('complete');
    await world.calmRound();
    expect(world.protection?.status?.phase).toBe('Protected');
  }

  it('invariant 14: says so on the claim, and goes on by itself', async () => {
    world.process.client.refuse(secrets, { code: 403, detail: 'exceeded quota: small, requested: secrets=1' });
    await lookFor(5);
    expect(ready(world.protection)).toMatchObject({ reason: 'Refused', status: 'False' });
    expect(world.protection?.status?.phase).toBe('Degraded');
    expect(warnings('Refused').at(-1)?.message).toContain('ResourceQuota');
    expect(warnings('Refused').length).toBeGreaterThan(3);
    world.process.client.allow(secrets);
    await goOn();
  });

  it("invariant 14: says that VolSync's CRDs are missing, puts no Secret there, and goes on when they come", async () => {
    world.process.client.refuse(replicationSources, missing);
    await lookFor(5);
    expect(ready(world.protection)).toMatchObject({ reason: 'EngineMissing', status: 'False' });
    expect(world.protection?.status?.phase).toBe('Degraded');
    expect(warnings('EngineMissing').at(-1)?.message).toContain('BackupPolicy hourly asks for engine VolSync');
    expect(world.server.list(secrets).filter(isHere)).toEqual([]);
    world.process.client.allow(replicationSources);
    await goOn();
  });
});
