import { existsSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { chooseCluster } from './choose-provider.ts';
import { ClusterError } from './cluster-error.ts';
import { checkCsiDriver } from './native/csi-sanity.ts';
import type { Cluster, ClusterStatus, Report } from './provider.ts';
import { shellExports } from './shell-exports.ts';

const usage = `usage: npm run cluster -- <command>

  up                         bring the cluster up, or heal it; does nothing when it is up
  down [--delete]            end it; its data stays for the next up, unless --delete
  status [--json]            what runs; exit code 0 when it is up
  env                        shell exports: eval "$(npm run --silent cluster -- env)"
  reset [--keep-destination] a new, empty cluster; backups in S3 are deleted too, unless --keep-destination
  logs [component]           a component's log, or the components' names
  check-csi                  check the CSI driver with csi-sanity; needs no cluster

  --name <name>              all but check-csi: a second cluster beside the first, on the first one's S3
  --name <name> --control-plane
                             the same, with an API server and the controller manager and no nodes
`;

const startedMs = Date.now();

const report: Report = (message) => {
  const seconds = ((Date.now() - startedMs) / 1000).toFixed(1).padStart(6);
  process.stderr.write(`${seconds} s  ${message}\n`);
};

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function megabytes(bytes: number | undefined): string {
  return bytes === undefined ? '' : `${Math.round(bytes / 1_000_000)} MB`;
}

function describeStatus(status: ClusterStatus): string {
  const lines = status.components.map(({ name, state, pid, memoryBytes }) =>
    [name.padEnd(26), state.padEnd(8), String(pid ?? '').padStart(8), megabytes(memoryBytes).padStart(8)].join(' '),
  );
  const total = status.memoryBytes === undefined ? '' : `, ${megabytes(status.memoryBytes)} in all`;
  const residues = status.residues.map((each) => `left over: ${each}`);
  return [...lines, ...residues, `${status.provider} cluster: ${status.state}${total}`].join('\n');
}

interface Flags {
  readonly keepDestination: boolean;
  readonly deleteData: boolean;
  readonly json: boolean;
  /** Of a second cluster. */
  readonly clusterName: string | undefined;
}

async function showStatus(provider: Cluster, flags: Flags): Promise<number> {
  const status = await provider.status();
  print(flags.json ? JSON.stringify(status) : describeStatus(status));
  return status.state === 'up' ? 0 : 1;
}

async function showLog(provider: Cluster, name: string | undefined): Promise<number> {
  if (name === undefined) {
    print((await provider.logNames()).join('\n'));
    return 0;
  }
  const path = await provider.logPath(name);
  if (!existsSync(path)) throw new ClusterError(`${name} has not logged anything: it was never started`);
  process.stdout.write(readFileSync(path));
  return 0;
}

type Command = (provider: Cluster, flags: Flags, argument: string | undefined) => Promise<number>;

const commands: Readonly<Record<string, Command>> = {
  up: async (provider, { clusterName }) => {
    await provider.up(report);
    const { provider: kind } = await provider.status();
    const name = clusterName === undefined ? '' : ` --name ${clusterName}`;
    report(`the ${kind} cluster is up: eval "$(npm run --silent cluster -- env${name})"`);
    return 0;
  },
  down: async (provider, { deleteData }) => {
    await provider.down(report, { deleteData });
    report('the cluster is down');
    return 0;
  },
  reset: async (provider, { keepDestination }) => {
    await provider.reset(report, { keepDestination });
    const destination = keepDestination ? 'were kept' : 'were deleted, and its keys are new: take "env" again';
    report(`a new cluster is up; the backups in S3 ${destination}`);
    return 0;
  },
  status: (provider, flags) => showStatus(provider, flags),
  env: async (provider) => {
    print(shellExports(await provider.environment()));
    return 0;
  },
  logs: (provider, _flags, name) => showLog(provider, name),
  'check-csi': () => checkCsiDriver(report),
};

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      'keep-destination': { type: 'boolean', default: false },
      delete: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      name: { type: 'string' },
      'control-plane': { type: 'boolean', default: false },
    },
  });
  const [name = '', argument] = positionals;
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  const flags = {
    keepDestination: values['keep-destination'],
    deleteData: values.delete,
    json: values.json,
    clusterName: values.name,
  };
  return command(await chooseCluster(values.name, values['control-plane']), flags, argument);
}

/** What the person can put right is one line; anything else is a defect of ours and shows where it happened. */
function explain(error: unknown): string {
  if (error instanceof ClusterError) return error.message;
  if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') {
    return `the disk is full (${error.message}): make room and run again; nothing half-built was kept`;
  }
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`cluster: ${explain(error)}\n`);
  process.exitCode = 1;
}
