import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { z } from 'zod';
import type { KubeClient } from '../../../src/kube/client/client.ts';
import type { KubeObject, ResourceKind } from '../../../src/kube/model/kind.ts';

const root = join(import.meta.dirname, '../../..');

const manifest = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), namespace: z.string().optional() }),
});

/** Any object, as it is written. */
export type Manifest = z.infer<typeof manifest>;

/** All objects of a file, or of every YAML file of a folder but its kustomization, as the project ships them. */
export function readManifests(path: string): Manifest[] {
  const absolute = join(root, path);
  const files = path.endsWith('.yaml')
    ? [absolute]
    : readdirSync(absolute)
        .filter((name) => name.endsWith('.yaml') && name !== 'kustomization.yaml')
        .map((name) => join(absolute, name));
  return files.flatMap((file) => z.array(manifest).parse(loadAll(readFileSync(file, 'utf8'))));
}

const clusterScoped: ReadonlySet<string> = new Set([
  'ClusterRole',
  'ClusterRoleBinding',
  'CustomResourceDefinition',
  'MutatingWebhookConfiguration',
  'Namespace',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
  'BackupDestination',
  'BackupPolicy',
]);

const pluralOf = (kind: string): string =>
  kind.endsWith('y') ? `${kind.slice(0, -1)}ies`.toLowerCase() : `${kind}s`.toLowerCase();

/** The kind of a manifest, read without looking at it. */
export function kindOf({ apiVersion, kind }: Pick<Manifest, 'apiVersion' | 'kind'>): ResourceKind {
  const [group, version] = apiVersion.includes('/') ? apiVersion.split('/') : ['', apiVersion];
  const namespaced = !clusterScoped.has(kind);
  const parse = (value: unknown): KubeObject => manifest.parse(value);
  return { group: group ?? '', version: version ?? '', kind, plural: pluralOf(kind), namespaced, parse };
}

/** Makes the objects so, in order. */
export async function applyManifests(client: KubeClient, manifests: readonly Manifest[]): Promise<void> {
  for (const one of manifests) await client.apply(kindOf(one), one);
}

/** Takes the objects away. */
export async function deleteManifests(client: KubeClient, manifests: readonly Manifest[]): Promise<void> {
  for (const one of manifests) await client.delete(kindOf(one), one.metadata);
}
