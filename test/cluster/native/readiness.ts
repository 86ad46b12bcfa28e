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
import type { ClusterFolders, ClusterLayout } from './layout.ts';
import { nodeName, ports } from './layout.ts';
import { csiSocket } from './node-specs.ts';
import type { ProcessFolder } from './process-folder.ts';
import { s3Location } from './s3-server.ts';

/** The API server's URL. */
export const serverOf = ({ network }: ClusterLayout): string => `https://${network.gateway}:${ports.apiServer}`;
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

async function hasCondition(layout: ClusterLayout, path: string, type: string): Promise<boolean> {
  const answer = await getFromApiServer(serverOf(layout), pkiPaths(layout.pki), path);
  if (answer.status !== 200) return false;
  const { conditions } = conditionsSchema.parse(JSON.parse(answer.body)).status;
  return conditions.some((condition) => condition.type === type && condition.status === 'True');
}

const csiNodeSchema = z.object({ spec: z.object({ drivers: z.array(z.object({ name: z.string() })).nullish() }) });

async function areDriversRegistered(layout: ClusterLayout): Promise<boolean> {
  const path = `/apis/storage.k8s.io/v1/csinodes/${nodeName}`;
  const answer = await getFromApiServer(serverOf(layout), pkiPaths(layout.pki), path);
  if (answer.status !== 200) return false;
  const drivers = csiNodeSchema.parse(JSON.parse(answer.body)).spec.drivers ?? [];
  return Object.values(csiDrivers).every(({ driverName }) => drivers.some(({ name }) => name === driverName));
}

const isListening =
  (key: CsiDriverKey) =>
  async (layout: ClusterLayout): Promise<boolean> =>
    existsSync(csiSocket(layout, key));

/** One look at whether a component does its work. Components that are only clients count by being alive. */
const checks: Partial<Record<ComponentName, (layout: ClusterLayout) => Promise<boolean>>> = {
  etcd: ({ network }) => answers(`http://${network.local}:${ports.etcd}/health`),
  apiserver: (layout) => isApiServerReady(serverOf(layout), pkiPaths(layout.pki)),
  containerd: isContainerdReady,
  kubelet: ({ network }) => answers(`http://${network.local}:${ports.kubeletHealth}/healthz`),
  proxy: ({ network }) => answers(`http://${network.local}:${ports.proxyHealth}/healthz`),
  'csi-hostdir': isListening('hostdir'),
  'csi-ext4': isListening('ext4'),
  'csi-nosnap': isListening('nosnap'),
  'csi-nofsgroup': isListening('nofsgroup'),
  s3: (layout) => ensureBucket(s3Location(layout)),
  volsync: ({ network }) => answers(`http://${network.local}:${ports.volsyncHealth}/readyz`),
};

/** Waits until a component does its work. @throws ClusterError when it dies or takes too long. */
export async function waitForComponent(
  layout: ClusterLayout,
  processes: ProcessFolder,
  name: ComponentName,
): Promise<void> {
  const check = checks[name];
  if (check === undefined) return;
  const giveUp = (): void => processes.assertAlive(name);
  await poll({ what: `${name} to be ready`, timeoutSeconds, intervalMs: 50, giveUp }, () => check(layout));
}

const nodePath = `/api/v1/nodes/${nodeName}`;

/** Asks cluster DNS itself through its Service: an answer shows that pods, their network and Services work. */
async function isDnsAnswering({ network }: ClusterLayout): Promise<boolean> {
  const resolver = new Resolver({ timeout: 500, tries: 1 });
  resolver.setServers([network.dnsService]);
  const addresses = await resolver.resolve4('kubernetes.default.svc.cluster.local');
  return addresses.includes(network.kubernetesService);
}

/** Waits until pods can run: node ready, storage registered, cluster DNS answering. */
export async function waitForCluster(layout: ClusterLayout): Promise<void> {
  const wait = (what: string, check: () => Promise<boolean>): Promise<true> =>
    poll({ what, timeoutSeconds, intervalMs: 200 }, async () => (await check()) && true);
  await wait('the node to be ready', () => hasCondition(layout, nodePath, 'Ready'));
  await wait('the CSI drivers to be registered', () => areDriversRegistered(layout));
  await wait('CoreDNS to answer', () => isDnsAnswering(layout));
}

/** One look at the same, for a quick answer. */
export async function isClusterReady(layout: ClusterLayout): Promise<boolean> {
  const looks = [
    hasCondition(layout, nodePath, 'Ready'),
    areDriversRegistered(layout),
    isDnsAnswering(layout),
    ensureBucket(s3Location(layout)),
  ];
  const results = await Promise.allSettled(looks);
  return results.every((result) => result.status === 'fulfilled' && result.value);
}

const stampSchema = z.object({ data: z.object({ hash: z.string() }) });

/**
 * The hash of the add-ons that a cluster has, or undefined on a new cluster.
 * @param server its API server's URL.
 */
export async function appliedAddOnsHash({ pki }: ClusterFolders, server: string): Promise<string | undefined> {
  const answer = await getFromApiServer(server, pkiPaths(pki), addOnsStampPath);
  return answer.status === 200 ? stampSchema.parse(JSON.parse(answer.body)).data.hash : undefined;
}
