import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { tryRun } from '../command.ts';

/** Kernel settings that the kubelet or the pod network change. */
const watched = [
  'net/ipv4/ip_forward',
  'net/ipv4/conf/all/route_localnet',
  'net/bridge/bridge-nf-call-iptables',
  'net/netfilter/nf_conntrack_max',
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
] as const;

const savedSchema = z.record(z.string(), z.string());

function settingPath(name: string): string {
  return join('/proc/sys', name);
}

function read(name: string): string | undefined {
  return existsSync(settingPath(name)) ? readFileSync(settingPath(name), 'utf8').trim() : undefined;
}

export function currentHostSettings(): Record<string, string> {
  const found = watched.map((name) => [name, read(name)] as const);
  return Object.fromEntries(
    found.filter((entry): entry is [(typeof watched)[number], string] => entry[1] !== undefined),
  );
}

function savedPath(stateFolder: string): string {
  return join(stateFolder, 'host-settings.json');
}

/** Remembers the machine's settings before the cluster changes them; what was remembered before stays. */
export function saveHostSettings(stateFolder: string): void {
  if (existsSync(savedPath(stateFolder))) return;
  writeFileSync(savedPath(stateFolder), JSON.stringify(currentHostSettings()));
}

/** The settings that differ from what they were before the cluster came up. */
export function changedHostSettings(stateFolder: string): Record<string, string> {
  if (!existsSync(savedPath(stateFolder))) return {};
  const saved = savedSchema.parse(JSON.parse(readFileSync(savedPath(stateFolder), 'utf8')));
  return Object.fromEntries(Object.entries(saved).filter(([name, value]) => read(name) !== value));
}

export function restoreHostSettings(stateFolder: string): void {
  for (const [name, value] of Object.entries(changedHostSettings(stateFolder))) writeFileSync(settingPath(name), value);
  rmSync(savedPath(stateFolder), { force: true });
}

/** Lets iptables see bridged packets: answers to a Service's address go from pod to pod across the bridge. */
export async function enableBridgeFiltering(): Promise<void> {
  const setting = 'net/bridge/bridge-nf-call-iptables';
  if (read(setting) === undefined) await tryRun(['modprobe', 'br_netfilter']).catch(() => undefined);
  if (read(setting) !== undefined) writeFileSync(settingPath(setting), '1');
}
