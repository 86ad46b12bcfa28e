import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { codeOf } from '../cluster-error.ts';

/** A process id alone may be recycled; with its start time and the machine's boot it names one process for ever. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Clock ticks since boot, field 22 of /proc/<pid>/stat. */
  readonly startTicks: string;
  readonly bootId: string;
}

function readProc(...path: string[]): string | undefined {
  try {
    return readFileSync(join('/proc', ...path), 'utf8');
  } catch (error) {
    // ESRCH: the process ended between open and read.
    if (['ENOENT', 'ESRCH', 'EACCES', 'EPERM'].includes(codeOf(error) ?? '')) return undefined;
    throw error;
  }
}

function bootId(): string {
  return readProc('sys', 'kernel', 'random', 'boot_id')?.trim() ?? 'unknown';
}

/** Fields of /proc/<pid>/stat after the command name, which may itself hold spaces and brackets (proc(5)). */
function statFields(pid: number): readonly string[] | undefined {
  const stat = readProc(String(pid), 'stat');
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** A zombie has ended, once its last thread is gone: until then its files and ports are still open. */
function hasEnded(fields: readonly string[]): boolean {
  const [state] = fields;
  const threads = Number(fields[17]);
  return state === 'X' || (state === 'Z' && threads <= 1);
}

/** The identity of a live process, or undefined when there is none. */
export function identify(pid: number): ProcessIdentity | undefined {
  const fields = statFields(pid);
  const startTicks = fields?.[19];
  if (fields === undefined || startTicks === undefined || hasEnded(fields)) return undefined;
  return { pid, startTicks, bootId: bootId() };
}

export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now?.startTicks === identity.startTicks && now.bootId === identity.bootId;
}

/** Sends a signal to exactly this process. Returns false when it has ended already. */
export function signalProcess(identity: ProcessIdentity, signal: NodeJS.Signals): boolean {
  if (!isAlive(identity)) return false;
  try {
    process.kill(identity.pid, signal);
    return true;
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
    throw error;
  }
}

/** All live processes with this entry (`NAME=value`) in the environment that they were started with. */
export function findByEnvironment(entry: string): ProcessIdentity[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.flatMap((name) => {
    const environment = readProc(name, 'environ');
    if (environment?.split('\0').includes(entry) !== true) return [];
    return identify(Number(name)) ?? [];
  });
}

export function commandLine(pid: number): readonly string[] {
  return readProc(String(pid), 'cmdline')?.split('\0').slice(0, -1) ?? [];
}

/** Resident memory in bytes, shared pages counted in proportion where the kernel tells. */
export function memoryBytes(pid: number): number {
  const rollup = readProc(String(pid), 'smaps_rollup') ?? readProc(String(pid), 'status') ?? '';
  const match = /^(?:Pss|VmRSS):\s+(\d+) kB/m.exec(rollup);
  return Number(match?.[1] ?? 0) * 1024;
}
