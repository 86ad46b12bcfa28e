import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run, tryRun } from '../command.ts';
import type { ClusterFolders } from './layout.ts';
import { network } from './layout.ts';

const namespaceFolder = '/run/netns';
const cniResultsFolder = '/var/lib/cni/results';
const chainPrefixes = ['KUBE-', 'CNI-'];

/**
 * The bridge is made here, with its address, before any pod: the API server listens on it. Pods get routes to the
 * bridge's subnet and to Services and no default route, so that nothing of theirs leaves through the machine's uplink;
 * packets are forwarded for this one interface only.
 */
export async function ensureBridge(): Promise<void> {
  const { bridge, gateway, prefixLength, serviceSubnet } = network;
  if (!existsSync(`/sys/class/net/${bridge}`)) await run(['ip', 'link', 'add', bridge, 'type', 'bridge']);
  await run(['ip', 'address', 'replace', `${gateway}/${prefixLength}`, 'dev', bridge]);
  await run(['ip', 'link', 'set', bridge, 'up']);
  await run(['ip', 'route', 'replace', serviceSubnet, 'dev', bridge, 'src', gateway]);
  writeFileSync(`/proc/sys/net/ipv4/conf/${bridge}/forwarding`, '1');
}

export function writeCniConfig(folders: ClusterFolders): void {
  const bridge = {
    type: 'bridge',
    bridge: network.bridge,
    isGateway: false,
    hairpinMode: true,
    ipam: {
      type: 'host-local',
      dataDir: folders.cniAddresses,
      ranges: [[{ subnet: network.podSubnet, gateway: network.gateway }]],
      routes: [{ dst: network.serviceSubnet, gw: network.gateway }],
    },
  };
  const config = { cniVersion: '1.0.0', name: network.cniName, plugins: [bridge] };
  mkdirSync(folders.cni, { recursive: true });
  writeFileSync(join(folders.cni, '10-rebound.conflist'), `${JSON.stringify(config, undefined, 2)}\n`);
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

export async function remainingChains(): Promise<string[]> {
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

export function bridgePorts(): string[] {
  const folder = `/sys/class/net/${network.bridge}/brif`;
  return existsSync(folder) ? readdirSync(folder) : [];
}

/** Network namespaces that the container runtime made for pods: it names them cni-<uuid>. */
export function podNamespaces(): string[] {
  if (!existsSync(namespaceFolder)) return [];
  return readdirSync(namespaceFolder).filter((name) => /^cni-[0-9a-f-]{36}$/.test(name));
}

/** Removes the pods' namespaces and interfaces, the bridge with its routes, the rules and the CNI library's notes. */
export async function removePodNetwork(folders: ClusterFolders): Promise<void> {
  for (const name of podNamespaces()) await tryRun(['ip', 'netns', 'delete', name]);
  for (const port of bridgePorts()) await tryRun(['ip', 'link', 'delete', port]);
  if (existsSync(`/sys/class/net/${network.bridge}`)) await run(['ip', 'link', 'delete', network.bridge]);
  await removeRules();
  rmSync(folders.cniAddresses, { recursive: true, force: true });
  removeCniResults();
}

/** Per pod there is one note for our network and one for its loopback, told from others by the pod's id. */
function removeCniResults(): void {
  if (!existsSync(cniResultsFolder)) return;
  const prefix = `${network.cniName}-`;
  for (const name of readdirSync(cniResultsFolder).filter((each) => each.startsWith(prefix))) {
    const podId = name.slice(prefix.length).replace(/-eth0$/, '');
    for (const note of [name, `cni-loopback-${podId}-lo`]) rmSync(join(cniResultsFolder, note), { force: true });
  }
}
