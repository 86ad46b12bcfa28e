import { join } from 'node:path';

import { ClusterError } from '../cluster-error.ts';
import { run, tryRun } from '../command.ts';
import type { Report } from '../provider.ts';
import type { CachePart } from './cache.ts';
import { cached, entryPath, hashFolder } from './cache.ts';

export const kubernetesVersion = 'v1.34.4';
export const volsyncVersion = 'v0.14.0';

interface GoProgram {
  /** The folder below go/ that holds go.mod and go.sum, which pin every version. */
  readonly module: string;
  readonly package: string;
  readonly linkerVariables?: Readonly<Record<string, string>>;
}

const kubernetesVersionVariables = {
  'k8s.io/component-base/version.gitVersion': kubernetesVersion,
  'k8s.io/component-base/version.gitMajor': '1',
  'k8s.io/component-base/version.gitMinor': kubernetesVersion.split('.')[1] ?? '',
  'k8s.io/client-go/pkg/version.gitVersion': kubernetesVersion,
};

const programs = {
  kubebox: { module: 'kubebox', package: '.', linkerVariables: kubernetesVersionVariables },
  'csi-hostdir': { module: 'csi-hostdir', package: '.' },
  pause: { module: 'pause', package: '.' },
  'csi-provisioner': {
    module: 'csi-provisioner',
    package: 'github.com/kubernetes-csi/external-provisioner/v5/cmd/csi-provisioner',
  },
  'csi-snapshotter': {
    module: 'csi-snapshotter',
    package: 'github.com/kubernetes-csi/external-snapshotter/v8/cmd/csi-snapshotter',
  },
  'snapshot-controller': {
    module: 'csi-snapshotter',
    package: 'github.com/kubernetes-csi/external-snapshotter/v8/cmd/snapshot-controller',
  },
  'csi-resizer': {
    module: 'csi-resizer',
    package: 'github.com/kubernetes-csi/external-resizer/cmd/csi-resizer',
  },
  'local-path': { module: 'local-path', package: 'github.com/rancher/local-path-provisioner' },
  volsync: {
    module: 'volsync',
    package: 'github.com/backube/volsync/cmd',
    linkerVariables: { 'main.volsyncVersion': volsyncVersion },
  },
  restic: { module: 'restic', package: 'github.com/restic/restic/cmd/restic' },
  versitygw: { module: 'versitygw', package: 'github.com/versity/versitygw/cmd/versitygw' },
  coredns: { module: 'coredns', package: 'github.com/coredns/coredns' },
  kind: { module: 'kind', package: 'sigs.k8s.io/kind' },
  'csi-sanity': { module: 'csi-sanity', package: 'github.com/kubernetes-csi/csi-test/v5/cmd/csi-sanity' },
} as const satisfies Record<string, GoProgram>;

export type ProgramName = keyof typeof programs;

const goFolder = join(import.meta.dirname, 'go');

/** CGO off: static binaries that run in any image. */
const goEnvironment = { CGO_ENABLED: '0', GOFLAGS: '-mod=readonly -trimpath -buildvcs=false' };

const downloadsAtOnce = 16;

function moduleFolder(module: string): string {
  return join(goFolder, module);
}

function linkerFlags(program: GoProgram): string {
  const variables = Object.entries(program.linkerVariables ?? {}).map(([name, value]) => `-X ${name}=${value}`);
  return ['-s', '-w', ...variables].join(' ');
}

export function programPart(name: ProgramName): CachePart {
  const program: GoProgram = programs[name];
  return {
    name,
    madeOf: [hashFolder(moduleFolder(program.module)), program.package, linkerFlags(program), process.arch],
  };
}

/** Where the binary is, if it was built. */
export function programPath(name: ProgramName): string {
  return join(entryPath(programPart(name)), name);
}

/**
 * Returns the path of a program's binary, built from its pinned modules if the cache does not have it.
 * @throws ClusterError when Go is missing or the build fails.
 */
export async function buildProgram(name: ProgramName, report: Report): Promise<string> {
  const program: GoProgram = programs[name];
  const folder = await cached(
    programPart(name),
    async (target) => {
      await requireGo();
      const startedMs = Date.now();
      report(`building ${name}`);
      await fetchModules(program);
      const output = ['-o', join(target, name), '-ldflags', linkerFlags(program)];
      await run(['go', 'build', ...output, program.package], { cwd: moduleFolder(program.module), env: goEnvironment });
      report(`built ${name} in ${Math.round((Date.now() - startedMs) / 1000)} s`);
    },
    report,
  );
  return join(folder, name);
}

/**
 * Downloads the modules that a program is built from. Go fetches as many at a time as it may use CPUs (cmd/go's loader runs
 * that many workers), so on two cores a build would mostly wait for the network.
 */
async function fetchModules({ module, package: path }: GoProgram): Promise<void> {
  const env = { ...goEnvironment, GOMAXPROCS: String(downloadsAtOnce) };
  await run(['go', 'list', '-deps', path], { cwd: moduleFolder(module), env });
}

async function requireGo(): Promise<void> {
  const found = await tryRun(['go', 'version']).catch(() => undefined);
  if (found?.exitCode === 0) return;
  throw new ClusterError(
    'Go is not installed, and the cluster is built from Go modules: install Go 1.26 or newer and put it in PATH',
  );
}

/** The source folder of a Go module that one of our modules requires, downloaded if needed. */
export async function moduleSource(module: string, path: string): Promise<string> {
  await requireGo();
  const options = { cwd: moduleFolder(module), env: goEnvironment };
  await run(['go', 'mod', 'download', path], options);
  return (await run(['go', 'list', '-m', '-f', '{{.Dir}}', path], options)).trim();
}
