import { SYSTEM_NAMESPACE } from '../../../src/api/group.ts';
import type { Condition } from '../../../src/kube/model/crd-schema.ts';
import { replicationDestinations, replicationSources } from '../../../src/engines/volsync/kinds.ts';
import { events, persistentVolumeClaims, pods } from '../../../src/kube/model/built-in-kinds.ts';
import { backupDestinations, protectedVolumes, volumeRestores } from '../../../src/api/resource-kinds.ts';
import { messageOf } from '../../cluster/cluster-error.ts';
import type { ClusterUnderTest } from './cluster-under-test.ts';

const readyOf = (conditions: readonly Pick<Condition, 'type' | 'reason' | 'message'>[] | undefined): string => {
  const ready = conditions?.find(({ type }) => type === 'Ready' || type === 'Synchronizing');
  return ready === undefined ? 'no condition' : `${ready.reason}: ${ready.message}`;
};

const section = async (title: string, lines: () => Promise<readonly string[]>): Promise<string> => {
  const found = await lines().catch((error: unknown) => [`(cannot be read: ${messageOf(error)})`]);
  return [`${title}:`, ...found.map((line) => `  ${line}`)].join('\n');
};

/** What a person would look at first when something hangs: claims, their events, our objects, the engine's, pods, log. */
export async function worldOf(cluster: ClusterUnderTest, namespace: string): Promise<string> {
  const { client } = cluster;
  const sections = await Promise.all([
    section('claims', async () =>
      (await client.list(persistentVolumeClaims, { namespace })).map(
        ({ metadata, spec, status }) =>
          `${metadata.name}: ${status?.phase ?? ''} ${spec.volumeName ?? ''} from ${spec.dataSourceRef?.name ?? 'nothing'} ${JSON.stringify(metadata.annotations ?? {})}`,
      ),
    ),
    section('events', async () =>
      (await client.list(events, { namespace }))
        .filter(({ involvedObject }) => involvedObject.kind !== 'Pod')
        .map(
          ({ involvedObject, type, reason, count, message, lastTimestamp }) =>
            `${lastTimestamp ?? ''} ${involvedObject.kind ?? ''}/${involvedObject.name ?? ''} ${type ?? ''} ${reason ?? ''} x${count ?? 1}: ${message ?? ''}`,
        ),
    ),
    section('protected volumes', async () =>
      (await client.list(protectedVolumes, { namespace })).map(
        ({ metadata, status }) => `${metadata.name}: ${status?.phase ?? ''}, ${readyOf(status?.conditions)}`,
      ),
    ),
    section('restores', async () =>
      (await client.list(volumeRestores, { namespace })).map(
        ({ metadata, status }) => `${metadata.name}: ${status?.phase ?? ''}, ${readyOf(status?.conditions)}`,
      ),
    ),
    section('engine', async () =>
      [
        ...(await client.list(replicationSources, { namespace })),
        ...(await client.list(replicationDestinations, { namespace })),
      ].map(({ kind, metadata, status }) => `${kind}/${metadata.name}: ${readyOf(status?.conditions)}`),
    ),
    section('pods', async () =>
      (await client.list(pods, { namespace })).map(({ metadata, status }) => {
        const waiting = status?.containerStatuses?.map(({ state }) => state?.waiting?.reason ?? '').join() ?? '';
        return `${metadata.name}: ${status?.phase ?? ''} ${waiting}`;
      }),
    ),
    section('destinations', async () =>
      (await client.list(backupDestinations)).map(
        ({ metadata, status }) => `${metadata.name}: ${readyOf(status?.conditions)}`,
      ),
    ),
    section('controller', () => lastLogLines(cluster, namespace)),
  ]);
  return sections.join('\n');
}

/** The last lines of the controllers' logs that name the namespace or tell of an error. */
async function lastLogLines(cluster: ClusterUnderTest, namespace: string): Promise<readonly string[]> {
  const labelSelector = 'app.kubernetes.io/component=controller';
  const found = await cluster.client.list(pods, { namespace: SYSTEM_NAMESPACE, labelSelector });
  const lines: string[] = [];
  for (const pod of found) {
    const log = await cluster.kubectl(['-n', SYSTEM_NAMESPACE, 'logs', pod.metadata.name, '--tail=400']);
    const telling = log
      .split('\n')
      .filter((line) => line.includes(namespace) || /"level":"?(50|60|error|fatal)/.test(line));
    lines.push(`${pod.metadata.name}:`, ...telling.slice(-25).map((line) => line.slice(0, 600)));
  }
  return lines;
}
