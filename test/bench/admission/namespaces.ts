import { applyManifests, type Manifest } from '../../integration/webhook/manifests.ts';
import type { Fixture } from '../../integration/kube/fixture.ts';

/**
 * Namespaces that have a LimitRange and a ResourceQuota, neither about claims. Where there is none, the API server looks for
 * one again every 30 s, and the claim that makes it look waits 100 ms: with many namespaces, more than one claim in a
 * hundred would (`liveTTL` of the LimitRanger and ResourceQuota plugins; the cacher's `progressRequestPeriod`).
 */
export async function settledNamespaces({ client, newNamespace }: Fixture, count: number): Promise<string[]> {
  const namespaces = await Promise.all(Array.from({ length: count }, newNamespace));
  await applyManifests(client, namespaces.flatMap(limitsFor));
  return namespaces;
}

const limitsFor = (namespace: string): Manifest[] => [
  {
    apiVersion: 'v1',
    kind: 'LimitRange',
    metadata: { namespace, name: 'limits' },
    spec: { limits: [{ type: 'Container', default: { memory: '256Mi' } }] },
  },
  {
    apiVersion: 'v1',
    kind: 'ResourceQuota',
    metadata: { namespace, name: 'quota' },
    spec: { hard: { pods: '100' } },
  },
];
