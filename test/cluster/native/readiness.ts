import { Resolver } from 'node:dns/promises';
import { existsSync } from 'node:fs';

import { z } from 'zod';

import { poll } from '../poll.ts';
import { ensureBucket } from '../s3.ts';
import { addOnsStampPath } from './add-ons.ts';
import { getFromApiServer, isApiServerReady } from './api-server-probe.ts';
import { pkiPaths } from './certificates.ts';
import type { ComponentName } from './components.ts';
import { isContainerdReady } from './containerd.ts';
import type { CsiDriverKey } from './csi-drivers.ts';
import { csiDrivers } from './csi-drivers.ts';
import type { ClusterFolders } from './layout.ts';
import { network, nodeName, ports } from './layout.ts';
import { csiSocket } from './node-specs.ts';
import type { ProcessFolder } from './process-folder.ts';
import { s3Location } from './s3-server.ts';

const server = `https://${network.gateway}:${ports.apiServer}`;
const timeoutSeconds = 90;

const conditionsSchema = z.object({
  status: z
    .object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).default([]) })
    .prefault({}),
});

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2000) });
  await response.body?.cancel();
  return response.ok;
}

async function hasCondition(folders: ClusterFolders, path: string, type: string): Promise<boolean> {
  const answer = await getFromApiServer(server, pkiPaths(folders.pki), path);
  if (answer.status !== 200) return false;
  const { conditions } = conditionsSchema.parse(JSON.parse(answer.body)).status;
  return conditions.some((condition) => condition.type === type && condition.status === 'True');
}

const csiNodeSchema = z.object({ spec: z.object({ drivers: z.array(z.object({ name: z.string() })).nullish() }) });

async function areDriversRegistered(folders: ClusterFolders): Promise<boolean> {
  const path = `/apis/storage.k8s.io/v1/csinodes/${nodeName}`;
  const answer = await getFromApiServer(server, pkiPaths(folders.pki), path);
  if (answer.status !== 200) return false;
  const drivers = csiNodeSchema.parse(JSON.parse(answer.body)).spec.drivers ?? [];
  return Object.values(csiDrivers).every(({ driverName }) => drivers.some(({ name }) => name === driverName));
}

const isListening =
  (key: CsiDriverKey) =>
  async (folders: ClusterFolders): Promise<boolean> =>
    existsSync(csiSocket(folders, key));

/** One look at whether a component does its work. Components that are only clients count by being alive. */
const checks: Partial<Record<ComponentName, (folders: ClusterFolders) => Promise<boolean>>> = {
  etcd: () => answers(`http://127.0.0.1:${ports.etcd}/health`),
  apiserver: (folders) => isApiServerReady(server, pkiPaths(folders.pki)),
  containerd: isContainerdReady,
  kubelet: () => answers(`http://127.0.0.1:${ports.kubeletHealth}/healthz`),
  proxy: () => answers(`http://127.0.0.1:${ports.proxyHealth}/healthz`),
  'csi-hostdir': isListening('hostdir'),
  'csi-ext4': isListening('ext4'),
  'csi-nosnap': isListening('nosnap'),
  'csi-nofsgroup': isListening('nofsgroup'),
  s3: (folders) => ensureBucket(s3Location(folders)),
  volsync: () => answers(`http://127.0.0.1:${ports.volsyncHealth}/readyz`),
};

/** Waits until a component does its work. @throws ClusterError when it dies or takes too long. */
export async function waitForComponent(
  folders: ClusterFolders,
  processes: ProcessFolder,
  name: ComponentName,
): Promise<void> {
  const check = checks[name];
  if (check === undefined) return;
  const giveUp = (): void => processes.assertAlive(name);
  await poll({ what: `${name} to be ready`, timeoutSeconds, intervalMs: 50, giveUp }, () => check(folders));
}

const nodePath = `/api/v1/nodes/${nodeName}`;

/** Asks cluster DNS itself through its Service: an answer shows that pods, their network and Services work. */
async function isDnsAnswering(): Promise<boolean> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([network.dnsService]);
  const addresses = await resolver.resolve4('kubernetes.default.svc.cluster.local');
  return addresses.includes(network.kubernetesService);
}

/** Waits until pods can run: node ready, storage registered, cluster DNS answering. */
export async function waitForCluster(folders: ClusterFolders): Promise<void> {
  const wait = (what: string, check: () => Promise<boolean>): Promise<true> =>
    poll({ what, timeoutSeconds, intervalMs: 200 }, async () => (await check()) && true);
  await wait('the node to be ready', () => hasCondition(folders, nodePath, 'Ready'));
  await wait('the CSI drivers to be registered', () => areDriversRegistered(folders));
  await wait('CoreDNS to answer', isDnsAnswering);
}

/** One look at the same, for a quick answer. */
export async function isClusterReady(folders: ClusterFolders): Promise<boolean> {
  const looks = [
    hasCondition(folders, nodePath, 'Ready'),
    areDriversRegistered(folders),
    isDnsAnswering(),
    ensureBucket(s3Location(folders)),
  ];
  const results = await Promise.allSettled(looks);
  return results.every((result) => result.status === 'fulfilled' && result.value);
}

const stampSchema = z.object({ data: z.object({ hash: z.string() }) });

/**
 * The hash of the add-ons that a cluster has, or undefined on a new cluster.
 * @param at its API server's URL.
 */
export async function appliedAddOnsHash(folders: ClusterFolders, at = server): Promise<string | undefined> {
  const answer = await getFromApiServer(at, pkiPaths(folders.pki), addOnsStampPath);
  return answer.status === 200 ? stampSchema.parse(JSON.parse(answer.body)).data.hash : undefined;
}
