import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { z } from 'zod';

import { ClusterError } from '../cluster-error.ts';
import { poll } from '../poll.ts';
import type { Cluster, ClusterEnvironment, ClusterStatus, ComponentStatus, Report } from '../provider.ts';
import { applyAddOns, readAddOns } from './add-ons.ts';
import { isApiServerReady } from './api-server-probe.ts';
import { ensurePki, pkiPaths } from './certificates.ts';
import { kubectl, writeBinFolder } from './components.ts';
import type { ControlPlaneLayout } from './control-plane-specs.ts';
import { apiServerSpec, apiServerUrl, controllerManagerSpec, etcdSpec } from './control-plane-specs.ts';
import { freePorts } from './free-ports.ts';
import { buildProgram, programPath } from './go-programs.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import type { ClusterFolders, ClusterLayout } from './layout.ts';
import { firstCluster, namedFolders } from './layout.ts';
import { withLock } from './lock.ts';
import { makeFolder, requirePorts } from './prerequisites.ts';
import type { ProcessSpec } from './process-folder.ts';
import { ProcessFolder } from './process-folder.ts';
import { findByEnvironment, memoryBytes } from './process-identity.ts';
import { appliedAddOnsHash } from './readiness.ts';
import { s3Location } from './s3-server.ts';

const loopback = '127.0.0.1';
const lockTimeoutSeconds = 600;
const readyTimeoutSeconds = 60;

/** Not those of the first cluster, though nothing routes to either. */
const serviceSubnet = '10.97.0.0/16';
const kubernetesService = '10.97.0.1';
const podSubnet = '10.245.0.0/24';

const componentNames = ['etcd', 'apiserver', 'controller-manager'] as const;

const portsSchema = z.object({
  apiServer: z.int(),
  etcd: z.int(),
  etcdPeer: z.int(),
  controllerManager: z.int(),
});
type Ports = z.infer<typeof portsSchema>;

/**
 * A control plane that stays, beside the first cluster and under a name: etcd, API server and controller manager on loopback, in
 * a folder of its own, with the same kinds and classes and without nodes. It uses the first cluster's S3, so that there
 * are two clusters on one store. It needs no root where its folder needs none.
 */
export class SecondControlPlane implements Cluster {
  readonly name: string;
  readonly #first: ClusterLayout;
  readonly #folders: ClusterFolders;

  /** @throws ClusterError when the name can't be part of a folder's name. */
  constructor(name: string, first: ClusterLayout = firstCluster()) {
    this.name = name;
    this.#first = first;
    this.#folders = namedFolders(name, first);
  }

  up(report: Report): Promise<void> {
    return this.#locked(report, async () => {
      this.#requireStore();
      if (await this.#isUp()) return;
      await buildProgram('kubebox', report);
      await buildProgram('restic', report);
      const layout = await this.#prepare();
      report(`starting etcd, the API server and the controller manager of cluster ${this.name}`);
      await this.#start(layout);
      const addOns = await readAddOns(report, { exclude: ['coredns.yaml'] });
      await applyAddOns(kubectl(this.#folders), addOns);
    });
  }

  down(report: Report, options: { readonly deleteData?: boolean } = {}): Promise<void> {
    return this.#locked(report, async () => {
      if (!existsSync(this.#folders.root)) return;
      report(`stopping cluster ${this.name}`);
      await this.#stop();
      if (options.deleteData === true) this.#deleteData();
    });
  }

  /** S3 belongs to the first cluster and is left alone, whatever is asked for. */
  async reset(report: Report): Promise<void> {
    await this.down(report, { deleteData: true });
    await this.up(report);
  }

  async status(): Promise<ClusterStatus> {
    const provider = `control plane ${this.name}`;
    if (!existsSync(this.#portsPath)) return { provider, state: 'down', components: [], residues: [] };
    const processes = this.#processes();
    const specs = this.#specs(this.#layout(this.#ports()));
    const components = specs.map((spec): ComponentStatus => {
      const pid = processes.identity(spec.name)?.pid;
      const running = pid === undefined ? {} : { pid, memoryBytes: memoryBytes(pid) };
      return { name: spec.name, state: processes.state(spec), ...running };
    });
    const marked = findByEnvironment(processes.mark);
    const isDown = components.every(({ pid }) => pid === undefined);
    return {
      provider,
      state: isDown ? 'down' : (await this.#isUp()) ? 'up' : 'degraded',
      components,
      memoryBytes: marked.reduce((sum, { pid }) => sum + memoryBytes(pid), 0),
      residues: isDown ? marked.map(({ pid }) => `process ${pid}`) : [],
    };
  }

  async environment(): Promise<ClusterEnvironment> {
    const { adminKubeconfig, bin } = this.#folders;
    if (!existsSync(adminKubeconfig)) {
      const command = `npm run cluster -- up --name ${this.name} --control-plane`;
      throw new ClusterError(`there is no cluster ${this.name}: run "${command}"`);
    }
    this.#requireStore();
    return { kubeconfigPath: adminKubeconfig, s3: s3Location(this.#first), binFolder: bin };
  }

  async logNames(): Promise<readonly string[]> {
    return componentNames;
  }

  async logPath(name: string): Promise<string> {
    if (componentNames.every((known) => known !== name)) {
      throw new ClusterError(`there is no component "${name}": choose one of ${componentNames.join(', ')}`);
    }
    return this.#processes().logPath(name);
  }

  /** Whether the folder is that of a cluster of this kind. */
  get exists(): boolean {
    return existsSync(this.#portsPath);
  }

  get #portsPath(): string {
    return join(this.#folders.root, 'ports.json');
  }

  #processes(): ProcessFolder {
    makeFolder(this.#folders.root);
    return new ProcessFolder(this.#folders.root);
  }

  #locked(report: Report, work: () => Promise<void>): Promise<void> {
    const onWait = (pid: number): void => report(`waiting for process ${pid}, which is changing the cluster`);
    return withLock(this.#folders.lock, { timeoutSeconds: lockTimeoutSeconds, onWait }, work);
  }

  /** The first cluster's keys must be its own: asking for them where there are none would make them. */
  #requireStore(): void {
    if (existsSync(this.#first.s3)) return;
    throw new ClusterError('S3 is the first cluster\'s, and there is none: run "npm run cluster -- up" before');
  }

  #ports(): Ports {
    return portsSchema.parse(JSON.parse(readFileSync(this.#portsPath, 'utf8')));
  }

  /** Chosen at the first `up`, and kept: whoever has the kubeconfig finds the cluster again. */
  async #ensurePorts(): Promise<Ports> {
    if (!existsSync(this.#portsPath)) {
      const [apiServer, etcd, etcdPeer, controllerManager] = await freePorts(4);
      makeFolder(this.#folders.root);
      writeFileSync(this.#portsPath, JSON.stringify({ apiServer, etcd, etcdPeer, controllerManager }));
    }
    return this.#ports();
  }

  #layout({ apiServer, etcd, etcdPeer }: Ports): ControlPlaneLayout {
    return {
      kubebox: programPath('kubebox'),
      folder: this.#folders.root,
      pki: pkiPaths(this.#folders.pki),
      adminKubeconfig: this.#folders.adminKubeconfig,
      address: loopback,
      localAddress: loopback,
      ports: { apiServer, etcd, etcdPeer },
      serviceSubnet,
      podSubnet,
    };
  }

  #specs(layout: ControlPlaneLayout): readonly ProcessSpec[] {
    return [etcdSpec(layout), apiServerSpec(layout), controllerManagerSpec(layout, this.#ports().controllerManager)];
  }

  async #isUp(): Promise<boolean> {
    if (!existsSync(this.#portsPath) || !existsSync(programPath('kubebox'))) return false;
    const layout = this.#layout(this.#ports());
    const processes = this.#processes();
    if (!this.#specs(layout).every((spec) => processes.state(spec) === 'running')) return false;
    const [applied, wanted] = await Promise.all([
      appliedAddOnsHash(this.#folders, apiServerUrl(layout)).catch(() => undefined),
      readAddOns(() => undefined, { exclude: ['coredns.yaml'] }),
    ]);
    return applied === wanted.hash;
  }

  async #prepare(): Promise<ControlPlaneLayout> {
    const ports = await this.#ensurePorts();
    const layout = this.#layout(ports);
    const processes = this.#processes();
    const isStopped = (component: string): boolean => processes.identity(component) === undefined;
    const uses = [
      { component: 'etcd', address: loopback, port: ports.etcd },
      { component: 'etcd', address: loopback, port: ports.etcdPeer },
      { component: 'apiserver', address: loopback, port: ports.apiServer },
      { component: 'controller-manager', address: loopback, port: ports.controllerManager },
    ];
    await requirePorts(uses.filter(({ component }) => isStopped(component)));
    const apiServerAddresses = [loopback, kubernetesService];
    await ensurePki(this.#folders.pki, { apiServerAddresses, nodeName: 'none', nodeAddress: loopback });
    writeKubeconfig(layout.adminKubeconfig, layout.pki, 'admin', apiServerUrl(layout));
    writeBinFolder(this.#folders);
    return layout;
  }

  async #start(layout: ControlPlaneLayout): Promise<void> {
    const processes = this.#processes();
    for (const spec of this.#specs(layout)) await processes.ensure(spec);
    const giveUp = (): void => {
      for (const name of componentNames) processes.assertAlive(name);
    };
    const waiting = { what: 'the API server to be ready', timeoutSeconds: readyTimeoutSeconds, intervalMs: 50, giveUp };
    await poll(waiting, () => isApiServerReady(apiServerUrl(layout), layout.pki));
  }

  async #stop(): Promise<void> {
    const processes = this.#processes();
    for (const name of componentNames.toReversed()) await processes.stop(name, { graceSeconds: 3 });
    await processes.killMarked();
  }

  #deleteData(): void {
    rmSync(this.#folders.root, { recursive: true, force: true });
  }
}
