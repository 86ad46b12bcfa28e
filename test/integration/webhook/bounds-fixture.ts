import { KubeClient } from '../../../src/kube/client/client.ts';
import type { ResourceKind } from '../../../src/kube/model/kind.ts';
import { type Fixture, startFixture } from '../kube/fixture.ts';
import { connectAsController } from './controller-account.ts';
import { applyManifests, readManifests } from './manifests.ts';

/** A kind of others', without what it is parsed by. */
type OthersKind = Omit<ResourceKind, 'parse'>;

/** As much of others' kinds as the bounds look at. */
const definitionOf = ({ group, version, kind, plural, namespaced }: OthersKind) => ({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: {
    name: `${plural}.${group}`,
    annotations: { 'api-approved.kubernetes.io': 'unapproved, it stands in for the one of the project' },
  },
  spec: {
    group,
    scope: namespaced ? 'Namespaced' : 'Cluster',
    names: { kind, listKind: `${kind}List`, plural },
    versions: [
      {
        name: version,
        served: true,
        storage: true,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
  },
});

/** Of what is shipped, all but what runs or needs a scheduler. */
const notApplied = ['Deployment', 'PodDisruptionBudget', 'PriorityClass'];

export interface BoundsFixture {
  readonly fixture: Fixture;
  /** With the rights of the controller's ServiceAccount. */
  readonly controller: KubeClient;
  readonly stop: () => Promise<void>;
}

/** An API server with the rights and the bounds of the controller as they are shipped; the bounds take some seconds to be enforced. */
export async function startBoundsFixture(othersKinds: readonly OthersKind[]): Promise<BoundsFixture> {
  const fixture = await startFixture();
  const shipped = (path: string) => readManifests(path).filter(({ kind }) => !notApplied.includes(kind));
  await applyManifests(fixture.client, shipped('manifests/base'));
  await applyManifests(fixture.client, othersKinds.map(definitionOf));
  await applyManifests(fixture.client, shipped('manifests/controller'));
  await applyManifests(fixture.client, readManifests('policies/controller-bounds.yaml'));
  const connection = await connectAsController(fixture);
  const stop = async (): Promise<void> => {
    await connection.close();
    await fixture.stop();
  };
  return { fixture, controller: new KubeClient({ connection, fieldManager: 'rebound' }), stop };
}
