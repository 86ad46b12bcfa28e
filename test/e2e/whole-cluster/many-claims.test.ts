import { expect } from 'vitest';

import { pods } from '../../../src/kube/model/built-in-kinds.ts';
import { volumeRestores } from '../../../src/api/resource-kinds.ts';
import { applicationImage } from '../support/application-image.ts';
import type { DestinationContents } from '../support/destination-contents.ts';
import { ResticRepository } from '../support/restic-repository.ts';
import { scenario } from '../support/scenario.ts';
import { checksumScript } from '../support/volume-contents.ts';
import type { Workspace } from '../support/workspace.ts';

const names = Array.from({ length: 30 }, (_, index) => `data-${index}`);

/** Backs up other data for each claim. Returns `claim checksum`, one line each. */
async function seedAll(workspace: Workspace, contents: DestinationContents): Promise<readonly string[]> {
  const { namespace } = workspace;
  const [first = '', ...others] = names;
  await (await ResticRepository.of(workspace, first)).init();
  // A repository's keys take long to make, and all of a namespace have the same password.
  for (const name of others) await contents.copy(`${namespace}/${first}/`, `${namespace}/${name}/`);
  const lines: string[] = [];
  for (const name of names) {
    const repository = await ResticRepository.of(workspace, name);
    const { checksum } = await repository.backUpNewData({ files: 3 });
    lines.push(`${name} ${checksum}`);
  }
  return lines;
}

/** Mounts all claims in one pod, and returns `claim checksum` of each. */
async function checksumsOfAll({ client, cluster, namespace }: Workspace): Promise<readonly string[]> {
  const script = `for name in *; do (cd "$name" && echo "$name $(${checksumScript})"); done`;
  await client.create(pods, {
    metadata: { name: 'reader', namespace },
    spec: {
      terminationGracePeriodSeconds: 0,
      containers: [
        {
          name: 'reader',
          image: applicationImage,
          command: ['sleep', 'infinity'],
          volumeMounts: names.map((name) => ({ name, mountPath: `/claims/${name}` })),
        },
      ],
      volumes: names.map((name) => ({ name, persistentVolumeClaim: { claimName: name } })),
    },
  });
  await cluster.kubectl(['-n', namespace, 'wait', '--for=condition=Ready', '--timeout=100s', 'pod/reader']);
  const words = ['-n', namespace, 'exec', 'reader', '--', 'bash', '-c', `cd /claims; ${script}`];
  return (await cluster.kubectl(words)).trim().split('\n');
}

scenario(
  'invariant 1: thirty claims at once are all restored, each with its own data',
  async ({ workspace, contents, annotate }) => {
    const expected = await seedAll(workspace, contents);
    const startedAt = performance.now();
    await Promise.all(names.map((name) => workspace.createClaim(name, { tier: 'hourly' })));
    await Promise.all(names.map((name) => workspace.untilBound(name, 360_000)));
    const seconds = (performance.now() - startedAt) / 1000;
    await annotate(`${names.length} claims, create to bound: ${seconds.toFixed(1)} s`);

    expect(new Set(await checksumsOfAll(workspace))).toEqual(new Set(expected));
    const restores = await workspace.client.list(volumeRestores, { namespace: workspace.namespace });
    expect(restores).toHaveLength(names.length);
    expect(restores.filter(({ status }) => status?.attempts !== 1)).toEqual([]);
  },
);
