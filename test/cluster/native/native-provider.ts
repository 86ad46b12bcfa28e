import { existsSync, rmSync, utimesSync } from 'node:fs';

import { ClusterError } from '../cluster-error.ts';
import type {
  ClusterEnvironment,
  ClusterProvider,
  ClusterStatus,
  ComponentStatus,
  ImageBuild,
  Report,
} from '../provider.ts';
import { ensureBucket } from '../s3.ts';
import { bringUp, isUp } from './bring-up.ts';
import { cgroupPids } from './cgroups.ts';
import type { ComponentName } from './components.ts';
import { componentSpec, componentsOf } from './components.ts';
import { ensureImported, importImages } from './containerd.ts';
import { withImageArchive } from './image-build.ts';
import type { ClusterLayout } from './layout.ts';
import { firstCluster } from './layout.ts';
import { withLock } from './lock.ts';
import { makeFolder, requireRoot } from './prerequisites.ts';
import { ProcessFolder } from './process-folder.ts';
import { findByEnvironment, memoryBytes } from './process-identity.ts';
import { waitForComponent } from './readiness.ts';
import { findResidues } from './residue.ts';
import { s3Location, s3ObjectPath } from './s3-server.ts';
import { deleteClusterData, tearDown } from './tear-down.ts';

const lockTimeoutSeconds = 30 * 60;

/**
 * A Kubernetes node made of processes and containers on this machine; Linux, root, no Docker engine. There may be a second one beside the
 * first, with the first one's S3.
 */
export class NativeProvider implements ClusterProvider {
  readonly name = 'native';
  readonly #layout: ClusterLayout;

  constructor(layout: ClusterLayout = firstCluster()) {
    this.#layout = layout;
  }

  #processes(): ProcessFolder {
    makeFolder(this.#layout.root);
    return new ProcessFolder(this.#layout.root);
  }

  #locked<T>(report: Report, work: () => Promise<T>): Promise<T> {
    requireRoot();
    const onWait = (pid: number): void => report(`waiting for process ${pid}, which is changing the cluster`);
    return withLock(this.#layout.lock, { timeoutSeconds: lockTimeoutSeconds, onWait }, work);
  }

  up(report: Report): Promise<void> {
    return this.#locked(report, async () => {
      await this.#requireFirst();
      if (await isUp(this.#layout, this.#processes())) return;
      await bringUp(this.#layout, this.#processes(), report);
    });
  }

  down(report: Report, options: { readonly deleteData?: boolean } = {}): Promise<void> {
    return this.#locked(report, async () => {
      if (!existsSync(this.#layout.root)) return;
      await tearDown(this.#layout, this.#processes(), report);
      if (options.deleteData !== true) return;
      deleteClusterData(this.#layout, { keepDestination: false });
      rmSync(this.#layout.root, { recursive: true, force: true });
    });
  }

  reset(report: Report, options: { readonly keepDestination?: boolean } = {}): Promise<void> {
    return this.#locked(report, async () => {
      await tearDown(this.#layout, this.#processes(), report);
      deleteClusterData(this.#layout, { keepDestination: options.keepDestination ?? false });
      await this.#requireFirst();
      await bringUp(this.#layout, this.#processes(), report);
    });
  }

  /** The first cluster has S3, and has set the machine up. */
  async #requireFirst(): Promise<void> {
    if (this.#layout.second === undefined) return;
    const { first } = this.#layout.second;
    if (existsSync(first.s3) && (await ensureBucket(s3Location(first)).catch(() => false))) return;
    throw new ClusterError('S3 is the first cluster\'s, and it does not answer: run "npm run cluster -- up" before');
  }

  async status(): Promise<ClusterStatus> {
    const provider = [this.name, this.#layout.second?.name].filter((word) => word !== undefined).join(' ');
    if (!existsSync(this.#layout.root)) return { provider, state: 'down', components: [], residues: [] };
    const processes = this.#processes();
    const components = componentsOf(this.#layout).map((name): ComponentStatus => {
      const pid = processes.identity(name)?.pid;
      const running = pid === undefined ? {} : { pid, memoryBytes: memoryBytes(pid) };
      return { name, state: processes.state(componentSpec(this.#layout, name)), ...running };
    });
    const alive = components.filter(({ pid }) => pid !== undefined).length;
    const isDown = alive === 0;
    return {
      provider,
      state: isDown ? 'down' : (await isUp(this.#layout, processes)) ? 'up' : 'degraded',
      components,
      memoryBytes: this.#memoryBytes(processes),
      residues: isDown ? await findResidues({ ...this.#layout, lock: '' }, processes.mark) : [],
    };
  }

  #memoryBytes(processes: ProcessFolder): number {
    const marked = findByEnvironment(processes.mark).map(({ pid }) => pid);
    const pids = new Set([...marked, ...cgroupPids(this.#layout.cgroupName)]);
    return [...pids].reduce((sum, pid) => sum + memoryBytes(pid), 0);
  }

  async environment(): Promise<ClusterEnvironment> {
    const { adminKubeconfig, bin, second } = this.#layout;
    if (!existsSync(adminKubeconfig)) {
      const name = second === undefined ? '' : ` --name ${second.name}`;
      throw new ClusterError(`there is no cluster: run "npm run cluster -- up${name}"`);
    }
    return { kubeconfigPath: adminKubeconfig, s3: s3Location(this.#layout), binFolder: bin };
  }

  async logNames(): Promise<readonly string[]> {
    return componentsOf(this.#layout);
  }

  async logPath(name: string): Promise<string> {
    const known: readonly string[] = componentsOf(this.#layout);
    if (!known.includes(name))
      throw new ClusterError(`there is no component "${name}": choose one of ${known.join(', ')}`);
    return this.#processes().logPath(name);
  }

  async buildImage(build: ImageBuild, report: Report): Promise<void> {
    await withImageArchive(build, report, async (archive) => {
      if (build.keep === true) await ensureImported(this.#layout, archive);
      else await importImages(this.#layout, archive);
    });
  }

  async #startComponent(name: ComponentName): Promise<void> {
    const processes = this.#processes();
    await processes.ensure(componentSpec(this.#layout, name));
    await waitForComponent(this.#layout, processes, name);
  }

  /** The cluster whose S3 this one uses. */
  get #store(): NativeProvider {
    return this.#layout.second === undefined ? this : new NativeProvider(this.#layout.second.first);
  }

  async ageObject(key: string, ageSeconds: number): Promise<void> {
    const writtenSeconds = Date.now() / 1000 - ageSeconds;
    utimesSync(s3ObjectPath(this.#store.#layout, key), writtenSeconds, writtenSeconds);
  }

  async stopS3(): Promise<void> {
    await this.#store.#processes().stop('s3', { signal: 'SIGKILL' });
  }

  startS3(): Promise<void> {
    return this.#store.#startComponent('s3');
  }

  async restartApiServer(): Promise<void> {
    await this.#processes().stop('apiserver', { signal: 'SIGKILL' });
    await this.#startComponent('apiserver');
  }

  async stopVolsync(): Promise<void> {
    await this.#processes().stop('volsync', { graceSeconds: 3 });
  }

  startVolsync(): Promise<void> {
    return this.#startComponent('volsync');
  }
}
