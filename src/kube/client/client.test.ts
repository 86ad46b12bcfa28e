import { afterEach, expect, it } from 'vitest';
import { configMaps, persistentVolumes } from '../model/built-in-kinds.ts';
import { bodyOf, sendJson, startWireServer, type WireServer } from '#doubles/kube/wire-server.ts';

const metadata = {
  namespace: 'a',
  name: 'b',
  uid: 'u',
  resourceVersion: '1',
  creationTimestamp: '2030-01-01T00:00:00Z',
};
const configMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata };
const ref = { namespace: 'a', name: 'b' };

interface Seen {
  readonly request: string;
  readonly contentType: string | undefined;
  readonly body: unknown;
}

let server: WireServer;
afterEach(() => server.stop());

/** A server that remembers what it was sent and always answers with the ConfigMap. */
async function recorder(): Promise<Seen[]> {
  const seen: Seen[] = [];
  server = await startWireServer((request, response) => {
    void bodyOf(request).then((text) => {
      const body: unknown = text === '' ? undefined : JSON.parse(text);
      seen.push({
        request: `${request.method ?? ''} ${request.url ?? ''}`,
        contentType: request.headers['content-type'],
        body,
      });
      sendJson(response, 200, configMap);
    });
  });
  return seen;
}

const written = 'fieldManager=test&fieldValidation=Strict';

it('applies with the content type, manager and force that server-side apply needs', async () => {
  const seen = await recorder();
  await server.client.apply(configMaps, { metadata: ref, data: { a: '1' } });
  await server.client.applyStatus(configMaps, { metadata: ref, status: {} }, { force: false });
  expect(seen).toEqual([
    {
      request: `PATCH /api/v1/namespaces/a/configmaps/b?${written}&force=true`,
      contentType: 'application/apply-patch+yaml',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: ref, data: { a: '1' } },
    },
    {
      request: `PATCH /api/v1/namespaces/a/configmaps/b/status?${written}&force=false`,
      contentType: 'application/apply-patch+yaml',
      body: { apiVersion: 'v1', kind: 'ConfigMap', metadata: ref, status: {} },
    },
  ]);
});

it('patches with the content type of each kind of patch', async () => {
  const seen = await recorder();
  await server.client.mergePatch(configMaps, ref, { data: { a: null } });
  await server.client.jsonPatch(configMaps, ref, [{ op: 'remove', path: '/data/a' }], { dryRun: true });
  expect(seen).toEqual([
    {
      request: `PATCH /api/v1/namespaces/a/configmaps/b?${written}`,
      contentType: 'application/merge-patch+json',
      body: { data: { a: null } },
    },
    {
      request: `PATCH /api/v1/namespaces/a/configmaps/b?${written}&dryRun=All`,
      contentType: 'application/json-patch+json',
      body: [{ op: 'remove', path: '/data/a' }],
    },
  ]);
});

it('deletes with preconditions and a propagation policy', async () => {
  const seen = await recorder();
  const options = { preconditions: { uid: 'u' }, propagationPolicy: 'Background' } as const;
  expect(await server.client.delete(persistentVolumes, { name: 'b' }, options)).toBe(true);
  expect(seen).toEqual([
    {
      request: 'DELETE /api/v1/persistentvolumes/b',
      contentType: 'application/json',
      body: { apiVersion: 'v1', kind: 'DeleteOptions', ...options },
    },
  ]);
});

it('fills in what list items lack and keeps only the fields that the kind names', async () => {
  server = await startWireServer((_request, response) =>
    sendJson(response, 200, {
      metadata: { resourceVersion: '7', continue: '' },
      items: [{ metadata: { ...metadata, managedFields: [{ manager: 'kubectl' }] }, data: { a: '1' }, other: true }],
    }),
  );
  const found = await server.client.list(configMaps, { namespace: 'a', labelSelector: 'x in (y,z)' });
  expect(found).toEqual([{ ...configMap, data: { a: '1' } }]);
  expect(server.requests).toEqual(['GET /api/v1/namespaces/a/configmaps?labelSelector=x+in+%28y%2Cz%29&limit=500']);
});

it('takes an empty list for empty, also where the server writes null', async () => {
  server = await startWireServer((_request, response) =>
    sendJson(response, 200, { metadata: { resourceVersion: '7' }, items: null }),
  );
  expect(await server.client.list(configMaps)).toEqual([]);
});
