import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { type KubeObject, type ObjectRef, objectKey, type ResourceKind } from '../../kube/model/kind.ts';
import type { LogOptions } from '../../kube/client/client.ts';
import { type Job, jobs, type Pod } from '../../kube/model/built-in-kinds.ts';
import { parseRestoreLog } from './mover-log.ts';
import { MoverLogWatch } from './mover-log-watch.ts';

const log = pino({ level: 'silent' });

const pod = (name: string, phase: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name,
    namespace: 'shop',
    uid: `uid-${name}`,
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    ownerReferences: [
      { apiVersion: 'batch/v1', kind: 'Job', name: 'volsync-dst-try', uid: 'uid-job', controller: true },
    ],
  },
  spec: { containers: [] },
  status: { phase },
});

const reportOf = (watch: MoverLogWatch) => parseRestoreLog(watch.heard('shop/try')?.log ?? '');

/** UID of the engine's object. */
const ENGINE = 'uid-engine';

const jobOf = (uid: string, engineUID: string) =>
  jobs.parse({
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: {
      name: 'volsync-dst-try',
      namespace: 'shop',
      uid,
      creationTimestamp: '2026-01-01T00:00:00Z',
      ownerReferences: [
        {
          apiVersion: 'volsync.backube/v1alpha1',
          kind: 'ReplicationDestination',
          name: 'try',
          uid: engineUID,
          controller: true,
        },
      ],
    },
    spec: {},
  });

/** Pods' logs: lines, then either an end or silence until the listener goes away. */
class Logs {
  readonly opened: string[] = [];
  readonly containers = new Set<string | undefined>();
  job: Job | undefined = jobOf('uid-job', ENGINE);
  readonly #lines: Readonly<Record<string, readonly string[]>>;
  readonly #endless: readonly string[];

  constructor(lines: Readonly<Record<string, readonly string[]>>, endless: readonly string[] = []) {
    this.#lines = lines;
    this.#endless = endless;
  }

  async get<T extends KubeObject>(kind: ResourceKind<T>): Promise<T | undefined> {
    return await Promise.resolve(this.job === undefined ? undefined : kind.parse(this.job));
  }

  async *podLogs(ref: ObjectRef, options: LogOptions = {}): AsyncGenerator<string> {
    this.opened.push(objectKey(ref));
    this.containers.add(options.container);
    yield* this.#lines[ref.name] ?? [];
    if (!this.#endless.includes(ref.name)) return;
    await new Promise((_, reject) => {
      options.signal?.addEventListener('abort', () => reject(new Error('aborted')));
    });
  }
}

let milliseconds = 0;

const watching = (logs: Logs, onNews: (attemptKey: string) => void): MoverLogWatch =>
  new MoverLogWatch({ client: logs, log, now: () => milliseconds }, onNews);

const summary = [
  'restoring snapshot 1b2c3d4e of [/data] at 2026-01-01',
  'Summary: Restored 4 files/dirs (10 B) in 0:00',
];

describe('MoverLogWatch', () => {
  it('tells that a mover has said all before its log ends', async () => {
    const onNews = vi.fn();
    const watch = watching(new Logs({ a: [...summary, 'Restic completed in 2s'] }, ['a']), onNews);
    watch.listen('shop/try', pod('a', 'Running'), ENGINE);
    await vi.waitFor(() => expect(onNews.mock.calls).toEqual([['shop/try']]));
    expect(watch.heard('shop/try')).toMatchObject({ succeeded: true, ended: false });
    watch.close();
  });

  it('hears what a mover says to its end, and tells of the end once', async () => {
    const onNews = vi.fn();
    const watch = watching(new Logs({ a: summary }), onNews);
    watch.listen('shop/try', pod('a', 'Running'), ENGINE);
    watch.listen('shop/try', pod('a', 'Succeeded'), ENGINE);
    await vi.waitFor(() => expect(watch.heard('shop/try')?.ended).toBe(true));
    expect(reportOf(watch)).toMatchObject({ snapshotId: '1b2c3d4e', entries: 4 });
    expect(watch.heard('shop/try')?.log).toBe(summary.join('\n'));
    expect(onNews.mock.calls).toEqual([['shop/try']]);
  });

  it("asks for the mover's own log, beside which others may have put theirs", async () => {
    const logs = new Logs({ a: summary });
    const watch = watching(logs, vi.fn());
    watch.listen('shop/try', pod('a', 'Running'), ENGINE);
    await vi.waitFor(() => expect(watch.heard('shop/try')?.ended).toBe(true));
    expect([...logs.containers]).toEqual(['restic']);
  });

  it('does not listen before a pod has begun', () => {
    const logs = new Logs({});
    const watch = watching(logs, () => undefined);
    watch.listen('shop/try', pod('a', 'Pending'), ENGINE);
    expect(logs.opened).toEqual([]);
    expect(watch.heard('shop/try')).toBeUndefined();
  });

  it('hears what a failed mover said', async () => {
    const watch = watching(new Logs({ a: ['Fatal: wrong password or no key found'] }), () => undefined);
    watch.listen('shop/try', pod('a', 'Failed'), ENGINE);
    await vi.waitFor(() => expect(watch.heard('shop/try')?.log).toBe('Fatal: wrong password or no key found'));
  });

  it('leaves a pod for its successor without telling of an end', async () => {
    const onNews = vi.fn();
    const logs = new Logs({ a: ['Fatal: no'], b: summary }, ['a', 'b']);
    const watch = watching(logs, onNews);
    watch.listen('shop/try', pod('a', 'Running'), ENGINE);
    await vi.waitFor(() => expect(watch.heard('shop/try')?.log).toBe('Fatal: no'));
    watch.listen('shop/try', pod('b', 'Running'), ENGINE);
    await vi.waitFor(() => expect(reportOf(watch).entries).toBe(4));
    expect(onNews).not.toHaveBeenCalled();
    expect(logs.opened).toEqual(['shop/a', 'shop/b']);
    watch.close();
  });

  it.each<[string, Job | undefined]>([
    ['no Job', undefined],
    ['another Job of the same name', jobOf('uid-other', ENGINE)],
    ['a Job that the engine did not make for this attempt', jobOf('uid-job', 'uid-somebody')],
  ])('does not listen to a pod of %s, however it is labelled', async (_, job) => {
    const logs = new Logs({ a: [...summary, 'Restic completed in 2s'] });
    logs.job = job;
    const onNews = vi.fn();
    const watch = watching(logs, onNews);
    watch.listen('shop/try', pod('a', 'Running'), ENGINE);
    await vi.waitFor(() => expect(onNews).toHaveBeenCalled());
    expect(logs.opened).toEqual([]);
    expect(watch.heard('shop/try')).toBeUndefined();
    expect(watch.isForeign('shop/try', 'uid-a')).toBe(true);
    watch.forget('shop/try');
    expect(watch.isForeign('shop/try', 'uid-a')).toBe(false);
  });

  it('remembers when a mover was heard last', async () => {
    milliseconds = 5_000;
    const watch = watching(new Logs({ a: summary }, ['a']), () => undefined);
    watch.listen('shop/try', pod('a', 'Running'), ENGINE);
    await vi.waitFor(() => expect(reportOf(watch).entries).toBe(4));
    milliseconds = 900_000;
    watch.listen('shop/try', pod('a', 'Running'), ENGINE);
    expect(watch.heard('shop/try')?.heardAtMilliseconds).toBe(5_000);
    watch.close();
  });

  it('keeps 256 KiB of a pod that prints without end', async () => {
    const lines = Array.from({ length: 5_000 }, () => 'x'.repeat(4096));
    const watch = watching(new Logs({ a: lines }), () => undefined);
    watch.listen('shop/try', pod('a', 'Running'), ENGINE);
    await vi.waitFor(() => expect(watch.heard('shop/try')?.ended).toBe(true));
    expect(watch.heard('shop/try')?.log.length).toBeLessThan(256 * 1024);
  });
});
