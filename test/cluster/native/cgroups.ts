import { existsSync, mkdirSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { codeOf } from '../cluster-error.ts';
import { poll } from '../poll.ts';

const mountPoint = '/sys/fs/cgroup';

/** The roots of all cgroup hierarchies: one with version 2, one per controller with version 1. */
function hierarchies(): string[] {
  if (isVersion2()) return [mountPoint];
  return readdirSync(mountPoint, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(mountPoint, entry.name, 'cgroup.procs')))
    .map((entry) => join(mountPoint, entry.name));
}

export function isVersion2(): boolean {
  return existsSync(join(mountPoint, 'cgroup.controllers'));
}

/** Makes a top-level cgroup in every hierarchy. */
export function createCgroup(name: string): void {
  if (isVersion2()) delegateControllers();
  for (const root of hierarchies()) mkdirSync(join(root, name), { recursive: true });
}

/** With version 2 a group has only the controllers that its parent hands down. */
function delegateControllers(): void {
  const available = readFileSync(join(mountPoint, 'cgroup.controllers'), 'utf8').trim().split(' ');
  writeFileSync(join(mountPoint, 'cgroup.subtree_control'), available.map((each) => `+${each}`).join(' '));
}

/** All groups at and below a top-level one, the deepest first. */
export function cgroupsBelow(name: string): string[] {
  return hierarchies().flatMap((root) => {
    const top = join(root, name);
    return existsSync(top) ? [...below(top), top] : [];
  });
}

function below(group: string): string[] {
  return readdirSync(group, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap((entry) => {
      const path = join(group, entry.name);
      return [...below(path), path];
    });
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes(codeOf(error) ?? '')) return fallback;
    throw error;
  }
}

function writeIfThere(path: string, text: string): void {
  if (existsSync(path)) writeFileSync(path, text);
}

/** Pids of every process in the group, at any depth. */
export function cgroupPids(name: string): number[] {
  const lines = cgroupsBelow(name).flatMap((group) => readOr(join(group, 'cgroup.procs'), '').split('\n'));
  return [...new Set(lines.filter((line) => line !== '').map(Number))];
}

/** A stopped process can't die: lets everything in the group go on. */
function thaw(name: string): void {
  for (const group of cgroupsBelow(name)) {
    writeIfThere(join(group, 'freezer.state'), 'THAWED');
    writeIfThere(join(group, 'cgroup.freeze'), '0');
  }
}

/** Kills every process in the group and removes the group. Only processes that were put there are hit. */
export async function destroyCgroup(name: string): Promise<void> {
  if (cgroupsBelow(name).length === 0) return;
  thaw(name);
  await poll({ what: `the processes in cgroup ${name} to die`, timeoutSeconds: 15, intervalMs: 50 }, async () => {
    const pids = cgroupPids(name);
    for (const pid of pids) kill(pid);
    return pids.length === 0;
  });
  await poll({ what: `cgroup ${name} to be removable`, timeoutSeconds: 10, intervalMs: 50 }, async () => {
    for (const group of cgroupsBelow(name)) rmdirSync(group);
    return true;
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}
