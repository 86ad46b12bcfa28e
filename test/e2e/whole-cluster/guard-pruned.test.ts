import { join } from 'node:path';

import { expect } from 'vitest';

import { FLOOR_NAME } from '../../../src/api/floor.ts';
import { SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import type { Condition } from '../../../src/kube/model/crd-schema.ts';
import { events } from '../../../src/kube/model/built-in-kinds.ts';
import { backupDestinations } from '../../../src/api/resource-kinds.ts';
import { projectFolder } from '../../install/build.ts';
import { deploy, lifeOf } from '../support/application.ts';
import type { ClusterUnderTest } from '../support/cluster-under-test.ts';
import { actingController } from '../support/deployments.ts';
import { eventually } from '../support/eventually.ts';
import { seedBackup } from '../support/restic-repository.ts';
import { scenario } from '../support/scenario.ts';

const apply = ['apply', '--server-side', '--force-conflicts'];
const policies = ['-k', join(projectFolder, 'policies')];
const webhook = ['-f', join(projectFolder, 'manifests', 'webhook', 'mutating-webhook-configuration.yaml')];

async function guardOf({ client }: ClusterUnderTest): Promise<Condition | undefined> {
  const destination = await client.get(backupDestinations, { name: 'default' });
  return destination?.status?.conditions?.find(({ type }) => type === 'AdmissionGuarded');
}

const untilGuard = (cluster: ClusterUnderTest, reason: string): Promise<Condition> =>
  eventually(
    `the guard to be ${reason}`,
    async () => {
      const guard = await guardOf(cluster);
      return guard?.reason === reason ? guard : undefined;
    },
    { describe: async () => JSON.stringify(await guardOf(cluster)) },
  );

/** The value of the metric on the page that Prometheus scrapes. */
async function guardMetric(cluster: ClusterUnderTest): Promise<string | undefined> {
  const { name } = (await actingController(cluster)).metadata;
  const page = await cluster.kubectl([
    'get',
    '--raw',
    `/api/v1/namespaces/${SYSTEM_NAMESPACE}/pods/${name}:8081/proxy/metrics`,
  ]);
  return /^rebound_admission_guarded\{[^}]*\} (\S+)$/m.exec(page)?.[1];
}

scenario(
  'invariants 1, 6 and 10: a pruned guard is told on the destinations and by the metric, and applying it again is all it takes',
  async ({ workspace, cluster }) => {
    const backup = await seedBackup(workspace, 'notes');
    await untilGuard(cluster, 'Guarded');
    expect(await guardMetric(cluster)).toBe('1');

    workspace.onEnd(() => cluster.kubectl([...apply, ...webhook]));
    workspace.onEnd(() => cluster.kubectl([...apply, ...policies]));
    const floor = 'validatingadmissionpolicies,validatingadmissionpolicybindings';
    await cluster.kubectl(['delete', floor, FLOOR_NAME]);
    await cluster.kubectl(['delete', 'mutatingwebhookconfiguration', 'rebound-webhook']);
    const missing = await untilGuard(cluster, 'FloorMissing');
    expect(missing.status).toBe('False');
    expect(missing.message).toMatch(/may be created without a decision.*Apply manifests\/ and policies\//);
    expect(await guardMetric(cluster)).toBe('0');
    await eventually('a warning on the destination', async () => {
      const fieldSelector = 'involvedObject.kind=BackupDestination,reason=FloorMissing,type=Warning';
      return (await cluster.client.list(events, { namespace: 'default', fieldSelector })).length > 0;
    });

    await cluster.kubectl([...apply, ...policies]);
    await untilGuard(cluster, 'WebhookMissing');
    await expect(workspace.createClaim('notes', { tier: 'hourly' })).rejects.toThrow(/Rebound has not decided/);
    await deploy(workspace, 'scratch');
    expect((await lifeOf(workspace, 'scratch')).origin).toBe('blank');

    await cluster.kubectl([...apply, ...webhook]);
    await untilGuard(cluster, 'Guarded');
    expect(await guardMetric(cluster)).toBe('1');
    await workspace.eventually('a labelled claim to be admitted again', () =>
      workspace.createClaim('probe', { tier: 'hourly' }),
    );
    await deploy(workspace, 'notes', { tier: 'hourly' });
    expect(await lifeOf(workspace, 'notes')).toEqual({ origin: 'filled', checksum: backup.checksum });
  },
);
