import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { EventRecorder, type EventOutcome, type EventRecorderOptions } from './events.ts';
import { FakeClock } from '#doubles/kube/fake-clock.ts';
import { bodyOf, sendJson, startWireServer, statusBody, type WireServer } from '#doubles/kube/wire-server.ts';

const claim = {
  apiVersion: 'v1',
  kind: 'PersistentVolumeClaim',
  metadata: { name: 'claim', namespace: 'a', uid: 'u', resourceVersion: '1' },
};
const held = { type: 'Warning', reason: 'Held', message: 'waits' } as const;

const stored = {
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'e', namespace: 'a', uid: 'e', resourceVersion: '1', creationTimestamp: '2030-01-01T00:00:00Z' },
  involvedObject: {},
  count: 3,
};

const nameIn = (body: unknown): string =>
  z.object({ metadata: z.object({ name: z.string() }) }).parse(body).metadata.name;

let server: WireServer;
afterEach(() => server.stop());

/** A recorder whose server answers every write with `codeFor` its method, and what it was sent. */
async function recorderAt(codeFor: (method: string) => number, options: Partial<EventRecorderOptions> = {}) {
  const bodies: unknown[] = [];
  const outcomes: EventOutcome[] = [];
  server = await startWireServer((request, response) => {
    void bodyOf(request).then((text) => {
      bodies.push(JSON.parse(text));
      const code = codeFor(request.method ?? '');
      const reason = code === 409 ? 'AlreadyExists' : '';
      sendJson(response, code, code < 300 ? stored : statusBody(code, reason, 'scripted'));
    });
  });
  const clock = new FakeClock(Date.UTC(2030, 0, 1));
  const recorder = new EventRecorder({
    client: server.client,
    component: 'rebound',
    instance: 'rebound-0',
    logger: pino({ level: 'silent' }),
    clock,
    onOutcome: (outcome) => outcomes.push(outcome),
    ...options,
  });
  return { recorder, clock, bodies, outcomes };
}

describe('EventRecorder', () => {
  it('counts what is said again, however much later', async () => {
    const { recorder, clock, bodies, outcomes } = await recorderAt(() => 200);
    recorder.record(claim, held);
    await recorder.flush();
    await clock.advance(3_000_000);
    recorder.record(claim, held);
    recorder.record(claim, { ...held, message: 'waits still' });
    recorder.record({ ...claim, metadata: { ...claim.metadata, uid: 'v' } }, held);
    await recorder.flush();
    expect(outcomes).toEqual(['created', 'counted', 'created', 'created']);
    expect(bodies[1]).toEqual({ count: 2, lastTimestamp: '2030-01-01T00:50:00Z' });
    const names = [0, 2, 3].map((index) => nameIn(bodies[index]));
    expect(new Set(names).size).toBe(3);
    for (const name of names) expect(name).toMatch(/^claim\.[0-9a-f]{16}$/);
  });

  it('goes on counting an event of an earlier process', async () => {
    const { recorder, bodies, outcomes } = await recorderAt((method) => (method === 'POST' ? 409 : 200));
    recorder.record(claim, held);
    recorder.record(claim, held);
    await recorder.flush();
    expect(outcomes).toEqual(['counted', 'counted']);
    expect(bodies.slice(1)).toEqual([
      { lastTimestamp: '2030-01-01T00:00:00Z' },
      { lastTimestamp: '2030-01-01T00:00:00Z', count: stored.count + 2 },
    ]);
  });

  it('says the number of all, also of those it did not write', async () => {
    const { recorder, clock, bodies } = await recorderAt(() => 200, { limits: { burst: 1, refillSeconds: 10 } });
    for (let time = 0; time < 5; time++) recorder.record(claim, held);
    await recorder.flush();
    await clock.advance(10_000);
    recorder.record(claim, held);
    await recorder.flush();
    expect(bodies).toHaveLength(2);
    expect(bodies[1]).toMatchObject({ count: 6 });
  });

  it('does not count what failed, and keeps other notices coming', async () => {
    let code = 500;
    const { recorder, outcomes } = await recorderAt(() => code);
    recorder.record(claim, held);
    await recorder.flush();
    code = 201;
    recorder.record(claim, held);
    await recorder.flush();
    expect(outcomes).toEqual(['failed', 'created']);
  });

  it('keeps only so many waiting while events cannot be written', async () => {
    const { recorder, outcomes } = await recorderAt(() => 200, { limits: { burst: 5, refillSeconds: 1 } });
    for (let index = 0; index < 1_500; index++) recorder.record(claim, held);
    expect(outcomes).toEqual(Array.from({ length: 500 }, () => 'failed'));
    await recorder.flush();
    expect(outcomes.slice(500, 505)).toEqual(['created', 'counted', 'counted', 'counted', 'counted']);
    expect(outcomes.slice(505)).toEqual(Array.from({ length: 995 }, () => 'limited'));
  });

  it.each(['-', '.', '.-'])('invariant 10: tells of a claim whose long name is cut at a "%s"', async (cut) => {
    const { recorder, bodies } = await recorderAt(() => 201);
    const name = `${'a'.repeat(200 - cut.length)}${cut}b`;
    recorder.record({ ...claim, metadata: { ...claim.metadata, name } }, held);
    await recorder.flush();
    expect(nameIn(bodies[0])).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/);
  });
});
