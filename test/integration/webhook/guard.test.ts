import { pino } from 'pino';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AdmissionGuard } from '../../../src/controllers/admission-guard/admission-guard.ts';
import { ClusterPresence } from '../../../src/controllers/cluster-presence/presence.ts';
import type { ControllerContext } from '../../../src/controllers/context.ts';
import { MoverQueue } from '../../../src/controllers/mover-queue/mover-queue.ts';
import { createReflectors, storesOf } from '../../../src/controllers/reflectors.ts';
import { RepositoryInitializer } from '../../../src/repositories/restic/repository-initializer.ts';
import { createMetrics } from '../../../src/runtime/metrics.ts';
import { startWebhookFixture, type WebhookFixture } from './fixture.ts';
import { applyManifests, deleteManifests, readManifests } from './manifests.ts';

const floor = readManifests('policies/no-undecided-claims.yaml');
const configuration = readManifests('manifests/webhook/mutating-webhook-configuration.yaml');

let fixture: WebhookFixture;

beforeAll(async () => {
  fixture = await startWebhookFixture();
});
afterAll(() => fixture.stop());

const unopened = () => ({ ok: false, reason: 'DestinationMissing', message: 'not asked' }) as const;

async function look(): Promise<string | undefined> {
  const { client } = fixture;
  const logger = pino({ level: 'silent' });
  const stores = storesOf(createReflectors({ client, logger, metrics: createMetrics() }));
  const context: ControllerContext = {
    client,
    stores,
    log: logger,
    events: { record: () => undefined },
    catalog: { open: unopened, openStore: unopened },
    repositories: new RepositoryInitializer(),
    now: () => Date.now(),
    ownImage: undefined,
    isKindMissing: () => false,
    clusterUid: 'a-cluster',
    presence: new ClusterPresence(),
    movers: new MoverQueue({ stores, now: () => Date.now() }),
    privilegedMovers: { allowedIn: () => Promise.resolve(false) },
  };
  const guard = new AdmissionGuard(context);
  await guard.reconcile();
  return guard.current?.reason;
}

it('invariant 1: knows what is shipped as the API server stores it, and notices when a part goes or is altered', async () => {
  await applyManifests(fixture.client, [...floor, ...configuration]);
  expect(await look()).toBe('Guarded');
  const [policy, binding] = floor;
  if (policy === undefined || binding === undefined) throw new Error('the floor has two objects');
  await deleteManifests(fixture.client, [binding]);
  expect(await look()).toBe('FloorMissing');
  await applyManifests(fixture.client, [
    { ...binding, spec: { ...Object(binding['spec']), validationActions: ['Warn'] } },
  ]);
  expect(await look()).toBe('FloorAltered');
  await applyManifests(fixture.client, floor);
  await deleteManifests(fixture.client, configuration);
  expect(await look()).toBe('WebhookMissing');
});
