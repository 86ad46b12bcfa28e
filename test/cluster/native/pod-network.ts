import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run, tryRun } from '../command.ts';
import type { ClusterLayout, ClusterNetwork } from './layout.ts';
import { forwardFrom, hasInterface, inNetworkOf, removeUplink, uplinkResidue } from './network-namespace.ts';

const namespaceFolder = '/run/netns';
const cniResultsFolder = '/var/lib/cni/results';
const chainPrefixes = ['KUBE-', 'CNI-'];

/**
 * The bridge is made here, with its address, before any pod: the API server listens on it. Pods get routes to the
 * bridge's subnet and to Services (and to the store, where that is another cluster's) and no default route, so that nothing of theirs leaves
 * through the machine's uplink; packets are forwarded for this one interface only.
 */
export async function ensureBridge(layout: ClusterLayout): Promise<void> {
  const { bridge, gateway, prefixLength, serviceSubnet } = layout.network;
  const ip = (...words: string[]): Promise<string> => run(inNetworkOf(layout, ['ip', ...words]));
  if (!(await hasInterface(layout, bridge))) await ip('link', 'add', bridge, 'type', 'bridge');
  await ip('address', 'replace', `${gateway}/${prefixLength}`, 'dev', bridge);
  await ip('link', 'set', bridge, 'up');
  await ip('route', 'replace', serviceSubnet, 'dev', bridge, 'src', gateway);
  await forwardFrom(layout, bridge);
}

export function writeCniConfig(layout: ClusterLayout): void {
  const { network, second } = layout;
  const store = second === undefined ? [] : [{ dst: `${second.first.network.gateway}/32`, gw: network.gateway }];
  const bridge = {
    type: 'bridge',
    bridge: network.bridge,
    isGateway: false,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      dataDir: layout.cniAddresses,
      ranges: [[{ subnet: network.podSubnet, gateway: network.gateway }]],
      routes: [{ dst: network.serviceSubnet, gw: network.gateway }, ...store],
    },
  };
  const config = { cniVersion: '1.0.0', name: network.cniName, plugins: [bridge] };
  mkdirSync(layout.cni, { recursive: true });
  writeFileSync(join(layout.cni, '10-rebound.conflist'), `${JSON.stringify(config, undefined, 2)}\n`);
}

/** The cluster's rules in the text of iptables-save. */
export function clusterChains(saved: string): string[] {
  return [...saved.matchAll(/^:(\S+)/gm)]
    .map((match) => match[1] ?? '')
    .filter((chain) => chainPrefixes.some((prefix) => chain.startsWith(prefix)));
}

/** The text for iptables-restore that is left when every chain of the cluster, and every rule that names one, is gone. */
export function withoutClusterRules(saved: string): string {
  const names = chainPrefixes.join('|');
  const isOurs = new RegExp(`^(?::(?:${names})|-A (?:${names})|.*-[jg] (?:${names}))`);
  return saved
    .split('\n')
    .filter((line) => !isOurs.test(line))
    .join('\n');
}

const families = ['iptables', 'ip6tables'] as const;

async function savedRules(family: (typeof families)[number]): Promise<string> {
  const result = await tryRun([`${family}-save`]).catch(() => undefined);
  return result?.exitCode === 0 ? result.stdout : '';
}

async function remainingChains(): Promise<string[]> {
  const saved = await Promise.all(families.map(savedRules));
  return saved.flatMap(clusterChains);
}

async function removeRules(): Promise<void> {
  for (const family of families) {
    const saved = await savedRules(family);
    if (clusterChains(saved).length === 0) continue;
    await run([`${family}-restore`], { input: withoutClusterRules(saved) });
  }
}

function bridgePorts({ bridge }: ClusterNetwork): string[] {
  const folder = `/sys/class/net/${bridge}/brif`;
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Network namespaces that the first cluster's container runtime made for pods: it names them cni-<uuid>. */
function podNamespaces(): string[] {
  if (!existsSync(namespaceFolder)) return [];
  return readdirSync(namespaceFolder).filter((name) => /^cni-[0-9a-f-]{36}$/.test(name));
}

/** What is left of a cluster's network: interfaces, network namespaces, iptables chains. */
export async function podNetworkResidues(layout: ClusterLayout): Promise<readonly string[]> {
  if (layout.second !== undefined) return uplinkResidue();
  const { bridge } = layout.network;
  return [
    ...((await hasInterface(layout, bridge)) ? [`interface ${bridge}`] : []),
    ...podNamespaces().map((name) => `network namespace ${name}`),
    ...(await remainingChains()).map((name) => `iptables chain ${name}`),
  ];
}

/**
 * Removes the pods' namespaces and interfaces, the bridge with its routes, the rules and the CNI library's notes. A second cluster's are all
 * in a namespace of its own, which is gone when nothing below its folder is mounted any more.
 */
export async function removePodNetwork(layout: ClusterLayout): Promise<void> {
  if (layout.second === undefined) await removeFromMachine(layout);
  else await removeUplink();
  rmSync(layout.cniAddresses, { recursive: true, force: true });
  removeCniResults(layout.network);
}

async function removeFromMachine(layout: ClusterLayout): Promise<void> {
  const { bridge } = layout.network;
  for (const name of podNamespaces()) await tryRun(['ip', 'netns', 'delete', name]);
  for (const port of bridgePorts(layout.network)) await tryRun(['ip', 'link', 'delete', port]);
  if (await hasInterface(layout, bridge)) await run(['ip', 'link', 'delete', bridge]);
  await removeRules();
}

/** Per pod there is one note for our network and one for its loopback, told from others by the pod's id. */
function removeCniResults({ cniName }: ClusterNetwork): void {
  if (!existsSync(cniResultsFolder)) return;
  const prefix = `${cniName}-`;
  for (const name of readdirSync(cniResultsFolder).filter((each) => each.startsWith(prefix))) {
    const podId = name.slice(prefix.length).replace(/-eth0$/, '');
    for (const note of [name, `cni-loopback-${podId}-lo`]) rmSync(join(cniResultsFolder, note), { force: true });
  }
}
