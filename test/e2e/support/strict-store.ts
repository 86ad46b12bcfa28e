import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { pods } from '../../../src/kube/model/built-in-kinds.ts';
import { restrictedContainer } from './application.ts';
import { reboundImage } from './deployments.ts';
import type { Workspace } from './workspace.ts';

const NAME = 'strict-store';

/**
 * Starts a server before the cluster's S3 that is stricter than that one: see strict-store-proxy.ts.
 *
 * @param deletable what may be deleted, by its path.
 * @param stalled what is never answered when it is to be deleted; nothing if not given.
 * @returns its endpoint.
 */
export async function startStrictStore(
  workspace: Workspace,
  { deletable, stalled }: { readonly deletable: RegExp; readonly stalled?: RegExp },
): Promise<string> {
  const { client, namespace, cluster } = workspace;
  const script = await readFile(join(import.meta.dirname, 'strict-store-proxy.ts'), 'utf8');
  await client.create(pods, {
    metadata: { name: NAME, namespace },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'proxy',
          image: await reboundImage(cluster),
          command: ['/nodejs/bin/node', '--input-type=module-typescript', '--eval', script],
          env: [
            { name: 'UPSTREAM', value: cluster.environment.s3.endpoint },
            { name: 'DELETABLE', value: deletable.source },
            ...(stalled === undefined ? [] : [{ name: 'STALLED', value: stalled.source }]),
          ],
          readinessProbe: { tcpSocket: { port: 9000 }, periodSeconds: 1 },
          securityContext: restrictedContainer,
        },
      ],
    },
  });
  await cluster.kubectl(['-n', namespace, 'wait', '--for=condition=Ready', '--timeout=60s', `pod/${NAME}`]);
  const address = await cluster.kubectl(['-n', namespace, 'get', 'pod', NAME, '-o', 'jsonpath={.status.podIP}']);
  return `http://${address}:9000`;
}
