import type { ServerResponse } from 'node:http';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { FakeClock } from '#doubles/kube/fake-clock.ts';
import { type ConfigMap, configMaps } from '../model/built-in-kinds.ts';
import { Reflector, type ReflectorOptions, type ReflectorReport } from './reflector.ts';
import { sendJson, startWireServer, statusBody, type WireServer } from '#doubles/kube/wire-server.ts';

function configMap(name: string, resourceVersion: number, data: Record<string, string> = {}) {
  const metadata = { name, namespace: 'a', uid: name, creationTimestamp: '2030-01-01T00:00:00Z' };
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...metadata, resourceVersion: String(resourceVersion) },
    data,
  };
}

function line(type: string, object: unknown): string {
  return `${JSON.stringify({ type, object })}\n`;
}

const bookmark = (resourceVersion: number): string =>
  line('BOOKMARK', { kind: 'ConfigMap', apiVersion: 'v1', metadata: { resourceVersion: String(resourceVersion) } });

type Answer = (response: ServerResponse, query: URLSearchParams) => void;

const listOf =
  (resourceVersion: number, ...items: object[]): Answer =>
  (response) =>
    sendJson(response, 200, { metadata: { resourceVersion: String(resourceVersion) }, items });

const failWith =
  (code: number, reason: string): Answer =>
  (response) =>
    sendJson(response, code, statusBody(code, reason, 'scripted'));

/** A watch that sends these pieces as they are and then stays open. */
const watchOf =
  (...pieces: (string | Uint8Array)[]): Answer =>
  (response) => {
    response.writeHead(200);
    response.flushHeaders();
    for (const piece of pieces) response.write(piece);
  };

const watchThatCloses =
  (...pieces: string[]): Answer =>
  (response) =>
    response.writeHead(200).end(pieces.join(''));

/** Long enough for a busy machine. */
const patience = { timeout: 15_000 };
const eventually = <T>(read: () => T) => expect.poll(read, patience);

let server: WireServer;
let reflector: Reflector<ConfigMap>;
let reports: ReflectorReport[];
let changes: string[];

/** Answers lists and watches from two scripts; the last answer of each is repeated. */
async function start(
  script: { readonly lists: readonly Answer[]; readonly watches: readonly Answer[] },
  options: Partial<ReflectorOptions<ConfigMap>> = {},
): Promise<void> {
  const next = { lists: 0, watches: 0 };
  server = await startWireServer((request, response) => {
    const query = new URL(request.url ?? '', 'http://server').searchParams;
    const which = query.has('watch') ? 'watches' : 'lists';
    const answer = script[which][Math.min(next[which]++, script[which].length - 1)];
    answer?.(response, query);
  });
  reports = [];
  changes = [];
  reflector = new Reflector({
    client: server.client,
    kind: configMaps,
    logger: pino({ level: 'silent' }),
    // The shortest delays that there are.
    random: () => 0.999,
    onReport: (report) => reports.push(report),
    ...options,
  });
  reflector.subscribe(({ key }) => changes.push(key));
  reflector.start();
}

afterEach(async () => {
  await reflector.stop();
  await server.stop();
});

const names = (): string[] =>
  reflector.store
    .list()
    .map((object) => object.metadata.name)
    .sort();

const watchRequests = (): string[] => server.requests.filter((request) => request.includes('watch=true'));
const listRequests = (): string[] => server.requests.filter((request) => !request.includes('watch=true'));
const resourceVersionOf = (request: string | undefined): string | null =>
  new URL((request ?? '').split(' ')[1] ?? '', 'http://server').searchParams.get('resourceVersion');

describe('Reflector', patience, () => {
  it('lists in pages, then watches from where the list was taken, with bookmarks', async () => {
    const pages: Answer = (response, query) =>
      query.has('continue')
        ? sendJson(response, 200, { metadata: { resourceVersion: '7' }, items: [configMap('two', 2)] })
        : sendJson(response, 200, {
            metadata: { resourceVersion: '7', continue: 'next' },
            items: [configMap('one', 1)],
          });
    await start({ lists: [pages], watches: [watchOf(line('ADDED', configMap('three', 8)))] });
    await reflector.hasSynced();
    await eventually(names).toEqual(['one', 'three', 'two']);
    expect(changes).toEqual(['a/one', 'a/two', 'a/three']);
    const query = new URL(watchRequests()[0]?.split(' ')[1] ?? '', 'http://server').searchParams;
    expect(Object.fromEntries(query)).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion: '7',
      timeoutSeconds: '319',
    });
  });

  it('puts events together wherever the bytes are cut', async () => {
    const text =
      line('ADDED', configMap('one', 2, { text: 'Grüße 👋' })) + line('MODIFIED', configMap('one', 3, { a: 'ü' }));
    const bytes = Buffer.from(text);
    const pieces = Array.from(bytes, (_byte, index) => bytes.subarray(index, index + 1));
    await start({ lists: [listOf(1)], watches: [watchOf(...pieces)] });
    await eventually(() => reflector.store.get('a/one')?.data).toEqual({ a: 'ü' });
  });

  it('goes on from the last event or bookmark when a watch ends, and drops half an event', async () => {
    const half = line('ADDED', configMap('half', 9)).slice(0, 40);
    const first = watchThatCloses(line('ADDED', configMap('one', 2)), bookmark(5), half);
    await start({ lists: [listOf(1)], watches: [first, watchOf(line('DELETED', configMap('one', 6)))] });
    await eventually(() => watchRequests().map(resourceVersionOf)).toEqual(['1', '5']);
    await eventually(names).toEqual([]);
    expect(changes).toEqual(['a/one', 'a/one']);
    expect(listRequests()).toHaveLength(1);
  });

  it('takes a kind that the server lacks for an empty one where it may be missing, until it comes, and when it goes', async () => {
    const missing: Answer = (response) => void response.writeHead(404).end('404 page not found\n');
    const lists = [missing, listOf(1, configMap('one', 1)), missing];
    await start({ lists, watches: [watchThatCloses(), missing] }, { mayBeMissing: true });
    await reflector.hasSynced();
    expect(names()).toEqual([]);
    expect(reflector.problem).toContain('404');
    expect(reflector.isKindMissing).toBe(true);
    await eventually(names).toEqual(['one']);
    expect(reflector.isKindMissing).toBe(false);
    await eventually(names).toEqual([]);
    expect(reflector.isKindMissing).toBe(true);
    expect(changes).toEqual(['a/one', 'a/one']);
  });

  it('waits for a kind that must be there', async () => {
    const missing: Answer = (response) => void response.writeHead(404).end('404 page not found\n');
    await start({ lists: [missing, listOf(1)], watches: [watchOf()] });
    await eventually(() => reflector.problem).toContain('404');
    expect(reflector.isSynced).toBe(false);
    await reflector.hasSynced();
  });

  it('recovers from failing lists', async () => {
    const lists = [failWith(500, 'InternalError'), failWith(403, 'Forbidden'), listOf(1, configMap('one', 1))];
    await start({ lists, watches: [watchOf()] }, { mayBeMissing: true });
    await eventually(() => reflector.problem).toContain('cannot list configmaps');
    expect(reflector.isSynced).toBe(false);
    expect(reflector.isKindMissing).toBe(false);
    await reflector.hasSynced();
    expect(names()).toEqual(['one']);
    expect(reflector.problem).toBeUndefined();
  });

  it.each([
    ['as an answer', failWith(410, 'Expired')],
    ['as an event', watchOf(line('ERROR', statusBody(410, 'Expired', 'too old resource version')))],
  ])('lists again on 410 %s, and notices what was deleted and changed meanwhile', async (_name, gone) => {
    const lists = [
      listOf(1, configMap('kept', 1), configMap('deleted', 1), configMap('changed', 1)),
      listOf(9, configMap('kept', 1), configMap('changed', 8), configMap('added', 7)),
    ];
    await start({ lists, watches: [gone, watchOf()] });
    await eventually(names).toEqual(['added', 'changed', 'kept']);
    expect(changes.slice(3).sort()).toEqual(['a/added', 'a/changed', 'a/deleted']);
    await eventually(() => watchRequests().map(resourceVersionOf)).toEqual(['1', '9']);
    expect(reports.filter(({ type }) => type === 'watchEnded')).toEqual([{ type: 'watchEnded', why: 'gone' }]);
  });

  it('reads everything at once when the pages of a list expire', async () => {
    const expired: Answer = (response, query) => {
      if (query.has('continue')) failWith(410, 'Expired')(response, query);
      else if (query.get('limit') === '0') listOf(9, configMap('two', 2), configMap('three', 3))(response, query);
      else sendJson(response, 200, { metadata: { resourceVersion: '7', continue: 'x' }, items: [configMap('one', 1)] });
    };
    await start({ lists: [expired], watches: [watchOf()] });
    await reflector.hasSynced();
    expect(names()).toEqual(['three', 'two']);
  });

  it('takes a silent watch for dead and goes on', async () => {
    const watches = [watchOf(), watchOf(line('ADDED', configMap('one', 2)))];
    await start({ lists: [listOf(1)], watches }, { idleTimeoutMilliseconds: 100 });
    await eventually(names).toEqual(['one']);
    expect(reports).toContainEqual({ type: 'watchEnded', why: 'silent' });
  });

  it('is kept going by bookmarks alone', async () => {
    let beats = 0;
    const beating: Answer = (response) => {
      response.writeHead(200);
      const timer = setInterval(() => {
        response.write(bookmark(2));
        beats += 1;
      }, 50);
      response.on('close', () => clearInterval(timer));
    };
    await start({ lists: [listOf(1)], watches: [beating] }, { idleTimeoutMilliseconds: 1_000 });
    await eventually(() => beats).toBeGreaterThan(30);
    expect(watchRequests()).toHaveLength(1);
  });

  it('does not hammer a server that accepts watches and closes them', async () => {
    const clock = new FakeClock();
    const script = { lists: [listOf(1)], watches: [watchThatCloses(bookmark(1))] };
    await start(script, { clock, random: () => 0 });
    for (const [watches, delayMilliseconds] of [500, 1_000, 2_000, 4_000].entries()) {
      await eventually(() => clock.pendingTimers).toBe(1);
      await clock.advance(delayMilliseconds - 1);
      expect(watchRequests()).toHaveLength(watches + 1);
      await clock.advance(1);
      await eventually(() => watchRequests()).toHaveLength(watches + 2);
    }
  });

  it('goes on when connections break', async () => {
    const watches = [watchOf(line('ADDED', configMap('one', 2))), watchOf(line('ADDED', configMap('two', 3)))];
    await start({ lists: [listOf(2)], watches });
    await eventually(names).toEqual(['one']);
    server.breakConnections();
    await eventually(names).toEqual(['one', 'two']);
  });

  it('starts over when the server came back with an older history', async () => {
    const lists = [listOf(900, configMap('lost', 900)), listOf(5), listOf(5, configMap('restored', 5))];
    await start({ lists, watches: [watchOf(), watchOf()] });
    await eventually(() => watchRequests()).toHaveLength(1);
    server.breakConnections();
    await eventually(names).toEqual(['restored']);
    await eventually(() => watchRequests().map(resourceVersionOf)).toEqual(['900', '5']);
  });

  it('invariant 2: keeps an object that it cannot read from looking absent, and the others usable', async () => {
    const broken = { ...configMap('broken', 2), data: 'not a map' };
    await start({ lists: [listOf(2, configMap('one', 1), broken)], watches: [watchOf()] });
    await reflector.hasSynced();
    expect(names()).toEqual(['one']);
    expect(() => reflector.store.get('a/broken')).toThrow('cannot be read');
    expect(changes).toEqual(['a/one', 'a/broken']);
  });

  it('stores only what was selected, and announces everything again when asked to', async () => {
    const select = (object: ConfigMap): ConfigMap => ({ ...object, data: {} });
    const lists = [listOf(2, configMap('one', 1, { big: 'value' }))];
    await start({ lists, watches: [watchOf()] }, { select, resyncMilliseconds: 50 });
    await reflector.hasSynced();
    expect(reflector.store.get('a/one')?.data).toEqual({});
    await eventually(() => changes.length).toBeGreaterThanOrEqual(3);
    expect(new Set(changes)).toEqual(new Set(['a/one']));
  });

  it('passes its selection on to lists and watches', async () => {
    const selection = { namespace: 'a', labelSelector: 'tier', fieldSelector: 'metadata.name=one' };
    await start({ lists: [listOf(1)], watches: [watchOf()] }, selection);
    await eventually(() => server.requests).toHaveLength(2);
    for (const request of server.requests) {
      expect(request).toContain('/api/v1/namespaces/a/configmaps?labelSelector=tier&fieldSelector=metadata.name%3Done');
    }
  });

  it('is not stopped by a listener that throws', async () => {
    await start({ lists: [listOf(1)], watches: [watchOf(line('ADDED', configMap('one', 2)))] });
    reflector.subscribe(() => {
      throw new Error('listener');
    });
    await eventually(names).toEqual(['one']);
    expect(watchRequests()).toHaveLength(1);
  });

  it('stops while it waits for a server that does not answer', async () => {
    await start({ lists: [() => undefined], watches: [] });
    await eventually(() => server.requests).toHaveLength(1);
    await reflector.stop();
  });
});
