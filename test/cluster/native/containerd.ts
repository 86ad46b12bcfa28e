import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { run, tryRun } from '../command.ts';
import type { ClusterFolders, ClusterLayout } from './layout.ts';
import { imageNames } from './node-images.ts';
import type { ProcessSpec } from './process-folder.ts';

const namespace = 'k8s.io';
const cniPrograms = '/usr/lib/cni';

function configPath(folders: ClusterFolders): string {
  return join(folders.containerd, 'config.toml');
}

/** TOML takes JSON's strings and numbers. `restrict_oom_score_adj`: containers start on machines without CAP_SYS_RESOURCE. */
export function writeContainerdConfig(layout: ClusterLayout): void {
  const cri = 'plugins."io.containerd.grpc.v1.cri"';
  const quoted = (value: string): string => JSON.stringify(value);
  const lines = [
    'version = 2',
    `root = ${quoted(join(layout.containerd, 'root'))}`,
    `state = ${quoted(join(layout.containerd, 'state'))}`,
    '[grpc]',
    `address = ${quoted(layout.containerdSocket)}`,
    `[${cri}]`,
    `sandbox_image = ${quoted(imageNames.pause)}`,
    'disable_apparmor = true',
    'restrict_oom_score_adj = true',
    // Told from the first cluster's by where they are.
    `netns_mounts_under_state_dir = ${layout.second !== undefined}`,
    `[${cri}.cni]`,
    `bin_dir = ${quoted(cniPrograms)}`,
    `conf_dir = ${quoted(layout.cni)}`,
    `[${cri}.containerd]`,
    'snapshotter = "overlayfs"',
    '',
  ];
  mkdirSync(layout.containerd, { recursive: true });
  writeFileSync(configPath(layout), lines.join('\n'));
}

export function containerdSpec(folders: ClusterFolders): ProcessSpec {
  return { name: 'containerd', command: ['containerd', '--config', configPath(folders), '--log-level', 'warn'] };
}

function ctr(folders: ClusterFolders, ...args: readonly string[]): string[] {
  return ['ctr', '--address', folders.containerdSocket, '--namespace', namespace, ...args];
}

export async function isContainerdReady(folders: ClusterFolders): Promise<boolean> {
  return (await tryRun(ctr(folders, 'version'), { timeoutSeconds: 5 })).exitCode === 0;
}

export async function importImages(folders: ClusterFolders, archive: string): Promise<void> {
  await run(ctr(folders, 'images', 'import', archive));
}

function importedPath(folders: ClusterFolders): string {
  return join(folders.containerd, 'root', 'rebound-imported');
}

/** Imports an archive unless the runtime's store has it from an earlier run. */
export async function ensureImported(folders: ClusterFolders, archive: string): Promise<boolean> {
  const done = existsSync(importedPath(folders)) ? readFileSync(importedPath(folders), 'utf8').split('\n') : [];
  if (done.includes(archive)) return false;
  await importImages(folders, archive);
  writeFileSync(importedPath(folders), [...done, archive].join('\n'));
  return true;
}

/**
 * Removes every container with its processes; images stay. The runtime must be running.
 * What it can't remove is dealt with later, from outside.
 */
export async function removeContainers(folders: ClusterFolders): Promise<void> {
  const list = async (...args: string[]): Promise<string[]> => {
    const result = await tryRun(ctr(folders, ...args, 'list', '--quiet'), { timeoutSeconds: 20 });
    return result.stdout.split('\n').filter((line) => line !== '');
  };
  const tasks = await list('tasks');
  await Promise.all(tasks.map((id) => tryRun(ctr(folders, 'tasks', 'delete', '--force', id), { timeoutSeconds: 20 })));
  const containers = await list('containers');
  if (containers.length > 0) await tryRun(ctr(folders, 'containers', 'delete', ...containers), { timeoutSeconds: 60 });
}

/** Forgets what ran: after a crash of the machine these notes speak of processes that are no more. */
export function removeContainerdState(folders: ClusterFolders): void {
  rmSync(join(folders.containerd, 'state'), { recursive: true, force: true });
  rmSync(folders.containerdSocket, { force: true });
}
