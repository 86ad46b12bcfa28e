import { accessSync, constants, existsSync, mkdirSync, statfsSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';

import { ClusterError } from '../cluster-error.ts';
import { run, tryRun } from '../command.ts';
import { isPortFree } from './free-ports.ts';
import type { Report } from '../provider.ts';
import { cacheFolder } from './cache.ts';

const gibibyte = 1024 ** 3;

/** Debian package -> a program it brings, by which its presence is known. */
const packages: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  runc: 'runc',
  'containernetworking-plugins': '/usr/lib/cni/bridge',
  iptables: 'iptables-save',
  conntrack: 'conntrack',
  debootstrap: 'debootstrap',
  buildah: 'buildah',
  iproute2: 'ip',
  e2fsprogs: 'mkfs.ext4',
};

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Whether a program is installed, given by name or by absolute path. */
export function hasProgram(program: string): boolean {
  if (program.startsWith('/')) return isExecutable(program);
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return folders.some((folder) => isExecutable(join(folder, program)));
}

/** @throws ClusterError unless this is Linux and we are root. */
export function requireRoot(): void {
  if (process.platform !== 'linux') {
    throw new ClusterError(
      `the native cluster runs on Linux only, not on ${process.platform}: start a Docker engine to use kind`,
    );
  }
  if (process.getuid?.() !== 0) {
    throw new ClusterError(
      'the native cluster needs root (it runs containerd and a kubelet): run this as root, or start a Docker engine to use kind',
    );
  }
}

/** Installs the Debian packages that are missing; does nothing when all are there. */
export async function ensurePackages(report: Report): Promise<void> {
  const missing = Object.keys(packages).filter((name) => !hasProgram(packages[name] ?? name));
  if (missing.length === 0) return;
  const list = missing.join(' ');
  if (!hasProgram('apt-get')) {
    throw new ClusterError(`these programs are missing and this is no Debian: install ${list} and run again`);
  }
  report(`installing ${list}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', ...missing];
  const first = await tryRun(install, { env });
  if (first.exitCode === 0) return;
  // Package lists may be old or absent on a fresh machine.
  await run(['apt-get', 'update'], { env });
  await run(install, { env });
}

function freeBytes(folder: string): number {
  let existing = folder;
  while (!existsSync(existing)) existing = dirname(existing);
  const stat = statfsSync(existing);
  return stat.bavail * stat.bsize;
}

export interface DiskNeed {
  readonly folder: string;
  readonly gib: number;
}

/** @throws ClusterError naming the folder that has too little room. */
export function requireDisk(needs: readonly DiskNeed[], free: (folder: string) => number = freeBytes): void {
  for (const { folder, gib } of needs) {
    const freeGib = free(folder) / gibibyte;
    if (freeGib >= gib) continue;
    throw new ClusterError(
      `${folder} has ${freeGib.toFixed(1)} GiB free and ${gib} GiB are needed: make room, or set XDG_CACHE_HOME (builds) or REBOUND_CLUSTER_DIR (cluster) to a larger disk`,
    );
  }
}

/** What a build from nothing takes beside the cluster itself: Go's module and build caches, packed images. */
export function diskNeeds(stateFolder: string, everythingBuilt: boolean): DiskNeed[] {
  if (everythingBuilt) return [{ folder: stateFolder, gib: 2 }];
  return [
    { folder: cacheFolder(), gib: 12 },
    { folder: stateFolder, gib: 2 },
  ];
}

export interface PortUse {
  readonly component: string;
  readonly address: string;
  readonly port: number;
}

/** @throws ClusterError naming the port that another program has. */
export async function requirePorts(uses: readonly PortUse[]): Promise<void> {
  for (const { component, address, port } of uses) {
    if (await isPortFree(address, port)) continue;
    throw new ClusterError(
      `port ${port} on ${address}, which ${component} needs, is taken by another program: find it with "ss -ltnp sport = :${port}", end it and run again`,
    );
  }
}

/** Creates a folder, with a clear message where that is not allowed. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new ClusterError(`cannot create ${folder}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
