import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { z } from 'zod';

import { poll } from '../poll.ts';
import { isApiServerReady } from './api-server-probe.ts';
import type { Report } from '../provider.ts';
import { ensurePki } from './certificates.ts';
import type { ControlPlaneLayout, ControlPlanePorts } from './control-plane-specs.ts';
import { apiServerSpec, apiServerUrl, controllerManagerSpec, etcdSpec, etcdUrl } from './control-plane-specs.ts';
import { freePorts } from './free-ports.ts';
import { buildProgram } from './go-programs.ts';
import { writeKubeconfig } from './kubeconfig.ts';
import { ProcessFolder } from './process-folder.ts';
import type { ProcessSpec } from './process-folder.ts';

export type ControlPlaneComponent = 'etcd' | 'apiserver' | 'controller-manager';

export interface ControlPlaneOptions {
  /** Where state and logs go; a temporary folder by default. {@link ControlPlane.stop} removes it. */
  readonly folder?: string;
  /** Free ports by default. */
  readonly ports?: ControlPlanePorts;
  /** Garbage collection, namespaces' ends, claims' protection, service accounts. Off by default. */
  readonly controllerManager?: boolean;
  /** More flags for the API server, for example an audit policy. */
  readonly apiServerFlags?: readonly string[];
  readonly report?: Report;
}

/** A real API server on a real etcd, on loopback, without nodes. */
export interface ControlPlane {
  readonly kubeconfigPath: string;
  /** `https://127.0.0.1:<port>` */
  readonly server: string;
  /** `http://127.0.0.1:<port>` */
  readonly etcdEndpoint: string;
  logPath(component: ControlPlaneComponent): string;
  pid(component: ControlPlaneComponent): number | undefined;
  /** Sends a signal to a component (SIGKILL by default) and, if it is one that ends a process, waits for its end. */
  kill(component: ControlPlaneComponent, signal?: NodeJS.Signals): Promise<void>;
  /** Ends a component if it runs, starts it again and waits until it is ready. */
  restart(component: ControlPlaneComponent): Promise<void>;
  /**
   * Drops etcd's history up to now. Together with {@link ControlPlane.restart} of the API server, whose watch cache holds
   * recent history too, a watch from an older resource version is answered with 410 Gone.
   */
  compact(): Promise<void>;
  /** Ends all processes and removes the folder. May be called twice. */
  stop(): Promise<void>;
}

const silent: Report = () => undefined;
const readyTimeoutSeconds = 60;

/**
 * Starts a control plane in a few seconds. Several may run side by side. Its processes die with the process that
 * started them; call {@link ControlPlane.stop} to leave no files either.
 * @throws ClusterError when Go is missing or a component does not come up.
 */
export async function startControlPlane(options: ControlPlaneOptions = {}): Promise<ControlPlane> {
  const kubebox = await buildProgram('kubebox', options.report ?? silent);
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'rebound-control-plane-'));
  const processes = new ProcessFolder(folder, { diesWithParent: true });
  const pki = await ensurePki(join(folder, 'pki'), {
    apiServerAddresses: ['127.0.0.1', '10.96.0.1'],
    nodeName: 'none',
    nodeAddress: '127.0.0.1',
  });
  const layout: ControlPlaneLayout = {
    kubebox,
    folder,
    pki,
    adminKubeconfig: join(folder, 'kubeconfig'),
    address: '127.0.0.1',
    localAddress: '127.0.0.1',
    ports: options.ports ?? (await choosePorts()),
    serviceSubnet: '10.96.0.0/16',
    podSubnet: '10.244.0.0/16',
    // Without the controller manager nobody makes the service accounts that this plugin asks for.
    apiServerFlags: [
      ...(options.controllerManager === true ? [] : ['--disable-admission-plugins=ServiceAccount']),
      ...(options.apiServerFlags ?? []),
    ],
  };
  writeKubeconfig(layout.adminKubeconfig, pki, 'admin', apiServerUrl(layout));
  const plane = new RunningControlPlane(
    layout,
    processes,
    options.controllerManager === true ? await controllerManager(layout) : [],
  );
  await plane.startAll();
  return plane;
}

async function choosePorts(): Promise<ControlPlanePorts> {
  const [apiServer = 0, etcd = 0, etcdPeer = 0] = await freePorts(3);
  return { apiServer, etcd, etcdPeer };
}

async function controllerManager(layout: ControlPlaneLayout): Promise<ProcessSpec[]> {
  const [port = 0] = await freePorts(1);
  return [controllerManagerSpec(layout, port)];
}

class RunningControlPlane implements ControlPlane {
  readonly #layout: ControlPlaneLayout;
  readonly #processes: ProcessFolder;
  readonly #specs: readonly ProcessSpec[];

  constructor(layout: ControlPlaneLayout, processes: ProcessFolder, more: readonly ProcessSpec[]) {
    this.#layout = layout;
    this.#processes = processes;
    this.#specs = [etcdSpec(layout), apiServerSpec(layout), ...more];
  }

  get kubeconfigPath(): string {
    return this.#layout.adminKubeconfig;
  }

  get server(): string {
    return apiServerUrl(this.#layout);
  }

  get etcdEndpoint(): string {
    return etcdUrl(this.#layout);
  }

  logPath(component: ControlPlaneComponent): string {
    return this.#processes.logPath(component);
  }

  pid(component: ControlPlaneComponent): number | undefined {
    return this.#processes.identity(component)?.pid;
  }

  async startAll(): Promise<void> {
    try {
      for (const spec of this.#specs) await this.#processes.ensure(spec);
      await this.#waitUntilReady('apiserver');
    } catch (error) {
      await this.stop();
      throw error;
    }
  }

  async kill(component: ControlPlaneComponent, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (['SIGKILL', 'SIGTERM', 'SIGINT'].includes(signal)) await this.#processes.stop(component, { signal });
    else this.#processes.signal(component, signal);
  }

  async restart(component: ControlPlaneComponent): Promise<void> {
    await this.#processes.stop(component);
    const spec = this.#specs.find(({ name }) => name === component);
    if (spec === undefined) throw new Error(`${component} is not part of this control plane`);
    await this.#processes.ensure(spec);
    await this.#waitUntilReady(component);
  }

  async #waitUntilReady(component: ControlPlaneComponent): Promise<void> {
    const what = `${component} to be ready`;
    const giveUp = (): void => this.#processes.assertAlive(component);
    await poll({ what, timeoutSeconds: readyTimeoutSeconds, intervalMs: 50, giveUp }, async () => {
      if (component === 'etcd') return (await fetch(`${this.etcdEndpoint}/health`)).ok;
      return isApiServerReady(this.server, this.#layout.pki);
    });
  }

  async compact(): Promise<void> {
    const key = Buffer.from('\0').toString('base64');
    const range = await this.#etcd('kv/range', { key, limit: 1 });
    const { header } = z.object({ header: z.object({ revision: z.string() }) }).parse(range);
    await this.#etcd('kv/compaction', { revision: header.revision, physical: true });
  }

  /** etcd's JSON gateway, https://etcd.io/docs/v3.6/dev-guide/api_grpc_gateway/ */
  async #etcd(path: string, body: object): Promise<unknown> {
    const response = await fetch(`${this.etcdEndpoint}/v3/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`etcd answered ${response.status} to ${path}: ${await response.text()}`);
    return response.json();
  }

  async stop(): Promise<void> {
    for (const spec of this.#specs.toReversed()) await this.#processes.stop(spec.name, { signal: 'SIGKILL' });
    rmSync(this.#layout.folder, { recursive: true, force: true });
  }
}
