import { describe, expect } from 'vitest';

import { PRIME_ROLE, ROLE_LABEL } from '../../src/api/labels.ts';
import { nodes, persistentVolumeClaims, pods } from '../../src/kube/model/built-in-kinds.ts';
import { applicationContainers, lifeOf, startPod } from './support/application.ts';
import { reasonsOf, untilTold } from './support/claim-story.ts';
import { seedBackup } from './support/restic-repository.ts';
import { scenario } from './support/scenario.ts';
import type { Workspace } from './support/workspace.ts';

const SELECTED_NODE = 'volume.kubernetes.io/selected-node';

const selectedNodeOf = async (workspace: Workspace, name: string): Promise<string | undefined> =>
  (await workspace.claim(name)).metadata.annotations?.[SELECTED_NODE];

const primesOf = ({ client, namespace }: Workspace) =>
  client.list(persistentVolumeClaims, { namespace, labelSelector: `${ROLE_LABEL}=${PRIME_ROLE}` });

/** A node that only the scheduler believes in; pods of other tests don't tolerate it. It goes with the test, if not before. */
async function makeGhostNode(workspace: Workspace): Promise<string> {
  const name = `${workspace.namespace}-ghost`;
  const size = { cpu: '4', memory: '8Gi', pods: '20', 'ephemeral-storage': '10Gi' };
  const now = new Date().toISOString();
  const ready = { type: 'Ready', status: 'True', reason: 'Pretended', message: '' };
  const node = {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels: { 'kubernetes.io/hostname': name } },
    spec: { taints: [{ key: 'rebound.dev/ghost', value: workspace.namespace, effect: 'NoSchedule' }] },
    status: {
      capacity: size,
      allocatable: size,
      conditions: [{ ...ready, lastHeartbeatTime: now, lastTransitionTime: now }],
    },
  };
  workspace.onEnd(() => workspace.client.delete(nodes, { name }));
  await workspace.cluster.kubectl(['create', '-f', '-'], JSON.stringify(node));
  return name;
}

/** An application that would rather be on that node than on another. */
async function startPodPreferring(workspace: Workspace, name: string, node: string): Promise<void> {
  const preference = { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [node] }] };
  await workspace.client.create(pods, {
    metadata: { name, namespace: workspace.namespace },
    spec: {
      ...applicationContainers({}),
      restartPolicy: 'Never',
      tolerations: [{ operator: 'Exists' }],
      affinity: { nodeAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100, preference }] } },
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
    },
  });
}

describe.concurrent('a volume that cannot be made where the scheduler wanted it', () => {
  scenario(
    'invariants 1 and 10: on a node that is no more: whoever sees it first undoes the choice, and the next pod decides',
    async ({ workspace }) => {
      const backup = await seedBackup(workspace, 'notes');
      const annotations = { [SELECTED_NODE]: 'there-is-no-such-node' };
      await workspace.createClaim('notes', { tier: 'hourly', storageClassName: 'hostdir-wffc', annotations });
      await workspace.eventually('the choice to be taken off the claim', async () => {
        return (await selectedNodeOf(workspace, 'notes')) === undefined;
      });
      await workspace.eventually('no volume to be asked for there', async () => {
        return (await primesOf(workspace)).length === 0;
      });
      await untilTold(workspace, 'notes', 'WaitingForConsumer', /Start the pod/);
      expect((await workspace.claim('notes')).status?.phase).toBe('Pending');
      await startPod(workspace, 'notes');
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
    },
  );

  scenario(
    'invariants 1 and 10: on a node that goes before the volume is there: the same pod gets it on another',
    async ({ workspace }) => {
      const { client } = workspace;
      const backup = await seedBackup(workspace, 'notes');
      const ghost = await makeGhostNode(workspace);
      await workspace.createClaim('notes', { tier: 'hourly', storageClassName: 'local-path' });
      await startPodPreferring(workspace, 'notes', ghost);
      await workspace.eventually('the volume to be asked for on the node that will go', async () => {
        const [prime] = await primesOf(workspace);
        return prime?.metadata.annotations?.[SELECTED_NODE] === ghost;
      });
      await client.delete(nodes, { name: ghost });
      await untilTold(workspace, 'notes', 'VolumeNotPlaced', new RegExp(ghost));
      expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
      expect(await selectedNodeOf(workspace, 'notes')).not.toBe(ghost);
      expect(await reasonsOf(workspace, 'notes')).toContain('RestoreCompleted');
    },
  );
});
