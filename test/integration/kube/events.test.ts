import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EventRecorder, type EventOutcome, type EventRecorderOptions } from '../../../src/kube/events.ts';
import {
  type Event,
  events,
  namespaces,
  type PersistentVolumeClaim,
  persistentVolumeClaims,
  persistentVolumes,
} from '../../../src/kube/model/built-in-kinds.ts';
import { type Fixture, quiet, startFixture } from './fixture.ts';

let fixture: Fixture;
beforeAll(async () => void (fixture = await startFixture()));
afterAll(() => fixture.stop());

function recorderWith(options: Partial<EventRecorderOptions> = {}) {
  const outcomes: EventOutcome[] = [];
  const recorder = new EventRecorder({
    client: fixture.client,
    component: 'rebound-controller',
    instance: 'rebound-controller-0',
    logger: quiet,
    onOutcome: (outcome) => outcomes.push(outcome),
    ...options,
  });
  return { recorder, outcomes };
}

async function newClaim(): Promise<PersistentVolumeClaim> {
  return fixture.client.create(persistentVolumeClaims, {
    metadata: { namespace: await fixture.newNamespace(), name: 'claim' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  });
}

/** Finds events as `kubectl describe` does: by the object's kind, name, namespace and uid. */
function eventsOf({ kind, metadata }: PersistentVolumeClaim): Promise<Event[]> {
  const { name, namespace, uid } = metadata;
  const fields = { name, namespace, uid, kind };
  const fieldSelector = Object.entries(fields).map(([field, value]) => `involvedObject.${field}=${value}`);
  return fixture.client.list(events, { namespace, fieldSelector: fieldSelector.join() });
}

const held = {
  type: 'Warning',
  reason: 'Held',
  message: 'waits for the destination "s3": no answer in 2 s; nothing is lost',
} as const;

describe('EventRecorder', () => {
  it('invariant 10: shows under kubectl describe, counted instead of repeated', async () => {
    const claim = await newClaim();
    const { recorder, outcomes } = recorderWith();
    for (let time = 0; time < 3; time++) recorder.record(claim, held);
    recorder.record(claim, { type: 'Normal', reason: 'Bound', message: 'restored and bound' });
    await recorder.flush();
    expect(outcomes).toEqual(['created', 'counted', 'counted', 'created']);
    const found = await eventsOf(claim);
    expect(found.map(({ reason, count }) => [reason, count]).sort()).toEqual([
      ['Bound', 1],
      ['Held', 3],
    ]);
    expect(found.find(({ reason }) => reason === 'Held')).toMatchObject({
      ...held,
      source: { component: 'rebound-controller' },
      reportingComponent: 'rebound-controller',
      involvedObject: { uid: claim.metadata.uid, resourceVersion: claim.metadata.resourceVersion },
    });
  });

  it('goes on counting when the process is started again', async () => {
    const claim = await newClaim();
    for (let start = 0; start < 2; start++) {
      const { recorder } = recorderWith({ instance: `rebound-controller-${start}` });
      for (let time = 0; time < 2; time++) recorder.record(claim, held);
      await recorder.flush();
    }
    expect((await eventsOf(claim)).map(({ count }) => count)).toEqual([4]);
  });

  it('writes a new event when the old one is gone', async () => {
    const claim = await newClaim();
    const { recorder, outcomes } = recorderWith();
    recorder.record(claim, held);
    await recorder.flush();
    for (const { metadata } of await eventsOf(claim)) await fixture.client.delete(events, metadata);
    recorder.record(claim, held);
    await recorder.flush();
    expect(outcomes).toEqual(['created', 'created']);
    expect(await eventsOf(claim)).toHaveLength(1);
  });

  it('limits events about one object, and leaves others alone', async () => {
    const [noisy, quietClaim] = [await newClaim(), await newClaim()];
    const { recorder, outcomes } = recorderWith({ limits: { burst: 3, refillSeconds: 300 } });
    for (let time = 0; time < 10; time++) recorder.record(noisy, { ...held, message: `message ${time}` });
    recorder.record(quietClaim, held);
    await recorder.flush();
    expect(outcomes.filter((outcome) => outcome === 'limited')).toHaveLength(7);
    expect([(await eventsOf(noisy)).length, (await eventsOf(quietClaim)).length]).toEqual([3, 1]);
  });

  it('writes about cluster-scoped objects, and cuts messages that are too long', async () => {
    const spec = { capacity: { storage: '1Gi' }, accessModes: ['ReadWriteOnce'], hostPath: { path: '/nowhere' } };
    const volume = await fixture.client.create(persistentVolumes, { metadata: { name: 'volume' }, spec });
    const { recorder, outcomes } = recorderWith();
    recorder.record(volume, { ...held, message: 'ü'.repeat(2000) });
    await recorder.flush();
    expect(outcomes).toEqual(['created']);
    const [event] = await fixture.client.list(events, { fieldSelector: `involvedObject.uid=${volume.metadata.uid}` });
    expect(event?.metadata.namespace).toBe('default');
    expect(event?.message).toMatch(/^ü{510}…$/);
  });

  it('logs and counts what it cannot write, and goes on', async () => {
    const claim = await newClaim();
    const elsewhere = { ...claim, metadata: { ...claim.metadata, namespace: 'no-such-namespace' } };
    const lines: string[] = [];
    const { recorder, outcomes } = recorderWith({
      logger: pino({ level: 'warn' }, { write: (line) => lines.push(line) }),
    });
    recorder.record(elsewhere, held);
    recorder.record(claim, held);
    await recorder.flush();
    expect(outcomes).toEqual(['failed', 'created']);
    expect(lines.join()).toContain('an event could not be written');
  });

  it('does not complain about a namespace on its way out', async () => {
    const claim = await newClaim();
    await fixture.client.delete(namespaces, { name: claim.metadata.namespace });
    const lines: string[] = [];
    const { recorder, outcomes } = recorderWith({
      logger: pino({ level: 'warn' }, { write: (line) => lines.push(line) }),
    });
    recorder.record(claim, held);
    await recorder.flush();
    expect({ outcomes, lines }).toEqual({ outcomes: ['failed'], lines: [] });
  });
});
