import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';

import { ClusterError } from '../cluster-error.ts';
import type { RunOptions, RunResult } from '../command.ts';
import { tryRun } from '../command.ts';
import { applyAddOns, readAddOns } from '../native/add-ons.ts';
import { buildProgram, moduleSource } from '../native/go-programs.ts';
import type { ProgramName } from '../native/go-programs.ts';
import { poll } from '../poll.ts';
import type {
  ClusterEnvironment,
  ClusterProvider,
  ClusterStatus,
  ComponentStatus,
  ImageBuild,
  Report,
} from '../provider.ts';
import { ensureBucket, s3Bucket, s3Credentials, s3Region } from '../s3.ts';
import * as commands from './commands.ts';
import { kindDeployments, kindImages, kindManifests } from './manifests.ts';

/** What the provider asks of the machine; tests put a recorder in its place. */
export interface KindMachine {
  readonly run: (command: readonly string[], options?: RunOptions) => Promise<RunResult>;
  readonly program: (name: ProgramName, report: Report) => Promise<string>;
  readonly moduleSource: typeof moduleSource;
  readonly addOns: typeof readAddOns;
  readonly ensureBucket: typeof ensureBucket;
  /** Folder for the kubeconfig, the S3 keys, logs. */
  readonly stateFolder: string;
}

function thisMachine(): KindMachine {
  const stateFolder = process.env['REBOUND_CLUSTER_DIR'] ?? join(homedir(), '.local', 'state', 'rebound-cluster-kind');
  return { run: tryRun, program: buildProgram, moduleSource, addOns: readAddOns, ensureBucket, stateFolder };
}

const imagesFolder = join(import.meta.dirname, 'images');
const toolPrograms = [
  'csi-hostdir',
  'csi-provisioner',
  'csi-snapshotter',
  'snapshot-controller',
  'volsync',
  'versitygw',
] as const;
const containers = [commands.nodeContainer, commands.s3Container] as const;

/** A kind cluster in a Docker engine, with the same storage, VolSync and S3 as the native one. */
export class KindProvider implements ClusterProvider {
  readonly name = 'kind';
  readonly #machine: KindMachine;

  constructor(machine: KindMachine = thisMachine()) {
    this.#machine = machine;
  }

  get #kubeconfigPath(): string {
    return join(this.#machine.stateFolder, 'kubeconfig');
  }

  async #run(command: readonly string[], options: RunOptions = {}): Promise<string> {
    const result = await this.#machine.run(command, options);
    if (result.exitCode === 0) return result.stdout;
    throw new ClusterError(
      `"${command.slice(0, 3).join(' ')}" failed: ${result.stderr.trim().split('\n').at(-1) ?? ''}`,
    );
  }

  async #tools(report: Report): Promise<commands.KindTools> {
    mkdirSync(this.#machine.stateFolder, { recursive: true });
    return { kind: await this.#machine.program('kind', report), kubeconfigPath: this.#kubeconfigPath };
  }

  get #kubectl(): string[] {
    return ['kubectl', '--kubeconfig', this.#kubeconfigPath];
  }

  async #stateOf(container: string): Promise<ComponentStatus['state']> {
    const result = await this.#machine.run(commands.containerState(container));
    if (result.exitCode !== 0) return 'absent';
    return result.stdout.trim() === 'running' ? 'running' : 'dead';
  }

  async up(report: Report): Promise<void> {
    const tools = await this.#tools(report);
    const node = await this.#stateOf(commands.nodeContainer);
    if (node === 'dead') await this.#run(commands.startContainer(commands.nodeContainer));
    if (node === 'absent') {
      report('creating the kind cluster');
      await this.#run(commands.createCluster(tools), { input: commands.kindConfig() });
    }
    if (node === 'absent' || !(await this.#hasAddOns())) await this.#installAddOns(tools, report);
    await this.startS3();
    for (const [namespace, name] of kindDeployments) await this.#waitForDeployment(namespace, name);
  }

  async #hasAddOns(): Promise<boolean> {
    const [last = []] = kindDeployments.slice(-1);
    const [namespace = '', name = ''] = last;
    return (
      (await this.#machine.run([...this.#kubectl, 'get', 'deployment', '--namespace', namespace, name])).exitCode === 0
    );
  }

  async #installAddOns(tools: commands.KindTools, report: Report): Promise<void> {
    await this.#buildNodeImages(report);
    for (const tag of Object.values(kindImages)) await this.#run(commands.loadImage(tools, tag));
    report('applying CRDs, storage classes, the CSI driver and VolSync');
    const addOns = await this.#machine.addOns(report, {
      exclude: ['coredns.yaml', 'storage-native.yaml', 'volsync.yaml'],
    });
    await applyAddOns(this.#kubectl, addOns, (command, input) => this.#run(command, { input }));
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: kindManifests() });
    await this.#run([...this.#kubectl, 'apply', '--server-side', '--force-conflicts', '-f', '-'], { input: list });
    // kind marks its own class as the default; claims must get the same class under both providers.
    await this.#run([...this.#kubectl, 'delete', 'storageclass', 'standard', '--ignore-not-found']);
  }

  async #buildNodeImages(report: Report): Promise<void> {
    const context = mkdtempSync(join(tmpdir(), 'rebound-kind-'));
    try {
      for (const name of [...toolPrograms, 'restic'] as const) {
        copyFileSync(await this.#machine.program(name, report), join(context, name));
      }
      const volsync = await this.#machine.moduleSource('volsync', 'github.com/backube/volsync');
      copyFileSync(join(volsync, 'mover-restic', 'entry.sh'), join(context, 'entry.sh'));
      for (const name of ['tools', 'mover', 'base'] as const) {
        const dockerfile = join(imagesFolder, `${name}.Dockerfile`);
        await this.#run(commands.buildImage({ tag: kindImages[name], contextFolder: context, dockerfile }));
      }
    } finally {
      rmSync(context, { recursive: true, force: true });
    }
  }

  async #waitForDeployment(namespace: string, name: string): Promise<void> {
    await this.#run([
      ...this.#kubectl,
      'rollout',
      'status',
      '--timeout=120s',
      '--namespace',
      namespace,
      `deployment/${name}`,
    ]);
  }

  async down(report: Report, options: { readonly deleteData?: boolean } = {}): Promise<void> {
    report('stopping the kind cluster');
    if (options.deleteData === true) {
      await this.#delete(report, { keepDestination: false });
      rmSync(this.#machine.stateFolder, { recursive: true, force: true });
      return;
    }
    for (const name of containers) {
      if ((await this.#stateOf(name)) === 'running') await this.#run(commands.stopContainer(name));
    }
  }

  async #delete(report: Report, options: { readonly keepDestination: boolean }): Promise<void> {
    await this.#run(commands.deleteCluster(await this.#tools(report)));
    if (options.keepDestination) return;
    await this.#run(commands.removeContainer(commands.s3Container));
    await this.#run(commands.removeVolume(commands.s3Volume));
  }

  async reset(report: Report, options: { readonly keepDestination?: boolean } = {}): Promise<void> {
    await this.#delete(report, { keepDestination: options.keepDestination ?? false });
    await this.up(report);
  }

  async status(): Promise<ClusterStatus> {
    const components: ComponentStatus[] = [];
    for (const name of containers) components.push({ name, state: await this.#stateOf(name) });
    const running = components.filter(({ state }) => state === 'running').length;
    const state = running === components.length ? 'up' : running === 0 ? 'down' : 'degraded';
    return { provider: this.name, state, components, residues: [] };
  }

  async environment(): Promise<ClusterEnvironment> {
    if (!existsSync(this.#kubeconfigPath)) throw new ClusterError('there is no cluster: run "npm run cluster -- up"');
    const binFolder = join(this.#machine.stateFolder, 'bin');
    await this.#writeBinFolder(binFolder);
    return { kubeconfigPath: this.#kubeconfigPath, s3: await this.#s3Location(), binFolder };
  }

  async #writeBinFolder(folder: string): Promise<void> {
    mkdirSync(folder, { recursive: true });
    const restic = await this.#machine.program('restic', () => undefined);
    const kubectl = (await this.#run(['sh', '-c', 'command -v kubectl'])).trim();
    for (const [name, program] of Object.entries({ restic, kubectl })) {
      writeFileSync(join(folder, name), `#!/bin/sh\nexec ${program} "$@"\n`, { mode: 0o755 });
    }
  }

  async #gateway(): Promise<string> {
    const gateway = commands.parseGateway(await this.#run(commands.networkGateway()));
    if (gateway !== undefined) return gateway;
    throw new ClusterError(
      `Docker's network "${commands.dockerNetwork}" has no IPv4 gateway: enable IPv4 for it, or delete it and run up again`,
    );
  }

  async #s3Location(): Promise<ClusterEnvironment['s3']> {
    const endpoint = `http://${await this.#gateway()}:${commands.s3Port}`;
    return { endpoint, region: s3Region, bucket: s3Bucket, ...s3Credentials(this.#machine.stateFolder) };
  }

  async logNames(): Promise<readonly string[]> {
    return [...containers, ...kindDeployments.map(([, name]) => name)];
  }

  async logPath(name: string): Promise<string> {
    const text = await this.#run(this.#logCommand(name));
    const path = join(this.#machine.stateFolder, `${name}.log`);
    writeFileSync(path, text);
    return path;
  }

  #logCommand(name: string): string[] {
    if (containers.some((each) => each === name)) return ['docker', 'logs', name];
    const [namespace] = kindDeployments.find(([, each]) => each === name) ?? [];
    if (namespace === undefined) throw new ClusterError(`there is no component "${name}"`);
    return [...this.#kubectl, 'logs', '--namespace', namespace, '--all-containers', `deployment/${name}`];
  }

  async buildImage(build: ImageBuild, report: Report): Promise<void> {
    report(`building ${build.tag}`);
    await this.#run(commands.buildImage(build));
    report(`loading ${build.tag}`);
    await this.#run(commands.loadImage(await this.#tools(report), build.tag));
  }

  async ageObject(key: string, ageSeconds: number): Promise<void> {
    await this.#run(commands.ageObject(s3Bucket, key, ageSeconds));
  }

  async stopS3(): Promise<void> {
    await this.#run(commands.killContainer(commands.s3Container));
  }

  async startS3(): Promise<void> {
    const state = await this.#stateOf(commands.s3Container);
    if (state === 'dead') await this.#run(commands.startContainer(commands.s3Container));
    if (state === 'absent') {
      const env = commands.runS3Environment(s3Credentials(this.#machine.stateFolder));
      await this.#run(commands.runS3(await this.#gateway(), kindImages.tools), { env });
    }
    const location = await this.#s3Location();
    await poll({ what: 'S3 to answer', timeoutSeconds: 60 }, () => this.#machine.ensureBucket(location));
  }

  async restartApiServer(): Promise<void> {
    await this.#run(commands.killApiServer());
    const ready = [...this.#kubectl, 'get', '--raw', '/readyz'];
    await poll({ what: 'the API server to be ready', timeoutSeconds: 120 }, async () => {
      return (await this.#machine.run(ready)).exitCode === 0;
    });
  }

  async stopVolsync(): Promise<void> {
    await this.#scaleVolsync(0);
    await this.#run([
      ...this.#kubectl,
      'wait',
      '--for=delete',
      '--timeout=60s',
      '--namespace',
      'volsync-system',
      'pod',
      '--selector=app=volsync',
    ]);
  }

  async startVolsync(): Promise<void> {
    await this.#scaleVolsync(1);
    await this.#waitForDeployment('volsync-system', 'volsync');
  }

  async #scaleVolsync(replicas: number): Promise<void> {
    await this.#run([
      ...this.#kubectl,
      'scale',
      '--namespace',
      'volsync-system',
      'deployment/volsync',
      `--replicas=${replicas}`,
    ]);
  }
}
