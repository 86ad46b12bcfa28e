import { pods } from '../../src/kube/model/built-in-kinds.ts';
import { applicationContainers, inApplication, lifeOf, type Life } from '../e2e/support/application.ts';
import { checksumScript } from '../e2e/support/volume-contents.ts';
import type { Workspace } from '../e2e/support/workspace.ts';

/** An application and its claim. The pod has a name of its own: the kubelet makes folders of it, with more in their names. */
export interface Application {
  readonly claim: string;
  readonly pod: string;
  readonly storageClassName: string;
}

/** One application for each claim, on the storage classes in turn. */
export const applicationsOf = (claims: readonly string[]): readonly Application[] =>
  claims.map((claim, index) => ({
    claim,
    pod: `application-${index}`,
    storageClassName: index % 2 === 0 ? 'hostdir-immediate' : 'hostdir-wffc',
  }));

/** Makes the claim and the pod, as from Git. */
export async function deployApplication(workspace: Workspace, application: Application): Promise<void> {
  const { claim, pod, storageClassName } = application;
  await workspace.createClaim(claim, { tier: 'hourly', storageClassName });
  await workspace.client.create(pods, {
    metadata: { name: pod, namespace: workspace.namespace },
    spec: {
      ...applicationContainers({}),
      restartPolicy: 'Never',
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: claim } }],
    },
  });
}

/** What the application found when it started; the others may be before it in the queue. */
export const lifeOfApplication = (workspace: Workspace, { pod }: Application): Promise<Life> =>
  lifeOf(workspace, pod, 900_000);

/** Has a running application write more, and returns the checksum of all that it has then. */
export const writeMore = (workspace: Workspace, { pod }: Application): Promise<string> =>
  inApplication(workspace, pod, `head -c 20000 /dev/urandom > later.bin; sync .; ${checksumScript}`);
