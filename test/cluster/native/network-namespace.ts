import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run, tryRun } from '../command.ts';
import { poll } from '../poll.ts';
import type { ClusterLayout } from './layout.ts';
import { secondUplink } from './layout.ts';
import { currentMountsBelow } from './mounts.ts';

/**
 * The command line that runs a command where a cluster's network is. nsenter becomes the command, so a process keeps its pid. Nothing but the
 * network is entered: mounts are the machine's.
 */
export const inNetworkOf = ({ second }: ClusterLayout, command: readonly string[]): readonly string[] =>
  second === undefined ? command : ['nsenter', `--net=${second.networkNamespace}`, '--', ...command];

/** Whether the network of a cluster is there at all: a second one's may be gone. */
export const hasNetwork = ({ second }: ClusterLayout): boolean =>
  second === undefined || currentMountsBelow(second.networkNamespace).length > 0;

export async function hasInterface(layout: ClusterLayout, name: string): Promise<boolean> {
  if (!hasNetwork(layout)) return false;
  return (await tryRun(inNetworkOf(layout, ['ip', 'link', 'show', 'dev', name]))).exitCode === 0;
}

/** Lets packets that come in by an interface be forwarded to others. */
export async function forwardFrom(layout: ClusterLayout, name: string): Promise<void> {
  const setting = join('/proc/sys/net/ipv4/conf', name, 'forwarding');
  await run(inNetworkOf(layout, ['tee', setting]), { input: '1' });
}

/**
 * Makes a second cluster's network namespace and the way into it: this machine reaches its pods and Services, and it reaches the
 * first cluster's S3, and nothing else. A first cluster's network is the machine's own.
 */
export async function ensureNetworkNamespace(layout: ClusterLayout): Promise<void> {
  if (layout.second === undefined) return;
  const { networkNamespace, first } = layout.second;
  if (!hasNetwork(layout)) {
    writeFileSync(networkNamespace, '');
    await run(['unshare', `--net=${networkNamespace}`, 'true']);
  }
  await run(inNetworkOf(layout, ['ip', 'link', 'set', 'lo', 'up']));
  await ensureUplink(layout, networkNamespace);
  const { inner, innerAddress, outer, outerAddress } = secondUplink;
  const { podSubnet, serviceSubnet } = layout.network;
  for (const subnet of [podSubnet, serviceSubnet]) {
    await run(['ip', 'route', 'replace', subnet, 'via', innerAddress, 'dev', outer]);
  }
  await run(inNetworkOf(layout, ['ip', 'route', 'replace', first.network.gateway, 'via', outerAddress, 'dev', inner]));
}

async function ensureUplink(layout: ClusterLayout, networkNamespace: string): Promise<void> {
  const { inner, innerAddress, outer, outerAddress, prefixLength } = secondUplink;
  if (!(await hasInterface(layout, inner))) {
    const peer = ['peer', 'name', inner, 'netns', networkNamespace];
    await run(['ip', 'link', 'add', outer, 'type', 'veth', ...peer]);
  }
  const here = [
    ['ip', 'address', 'replace', `${outerAddress}/${prefixLength}`, 'dev', outer],
    ['ip', 'link', 'set', outer, 'up'],
  ];
  const there = [
    ['ip', 'address', 'replace', `${innerAddress}/${prefixLength}`, 'dev', inner],
    ['ip', 'link', 'set', inner, 'up'],
  ];
  for (const command of [...here, ...there.map((each) => inNetworkOf(layout, each))]) await run(command);
  await forwardFrom(layout, inner);
}

const hasUplink = (): boolean => existsSync(join('/sys/class/net', secondUplink.outer));

/** What a second cluster has in the machine's own network. */
export const uplinkResidue = (): readonly string[] => (hasUplink() ? [`interface ${secondUplink.outer}`] : []);

/** Takes the way into a second cluster's network away, with its routes. The namespace itself goes with its mount. */
export async function removeUplink(): Promise<void> {
  await tryRun(['ip', 'link', 'delete', secondUplink.outer]);
  await poll({ what: `interface ${secondUplink.outer} to be gone`, timeoutSeconds: 10, intervalMs: 50 }, async () => {
    return !hasUplink();
  });
}
