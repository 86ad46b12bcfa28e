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
import { bringUp, isUp } from './bring-up.ts';
import { cgroupPids } from './cgroups.ts';
import type { ComponentName } from './components.ts';
import { componentNames, componentSpecs } from './components.ts';
import { ensureImported, importImages } from './containerd.ts';
import { withImageArchive } from './image-build.ts';
import type { ClusterFolders } from './layout.ts';
import { cgroupName, clusterFolders } from './layout.ts';
import { withLock } from './lock.ts';
import { makeFolder, requireRoot } from './prerequisites.ts';
import { ProcessFolder } from './process-folder.ts';
import { findByEnvironment, memoryBytes } from './process-identity.ts';
import { waitForComponent } from './readiness.ts';
import { findResidues } from './residue.ts';
import { s3Location, s3ObjectPath } from './s3-server.ts';
import { deleteClusterData, tearDown } from './tear-down.ts';

const lockTimeoutSeconds = 30 * 60;

/** A Kubernetes node made of processes and containers on this machine; Linux, root, no Docker engine. */
export class NativeProvider implements ClusterProvider {
  readonly name = 'native';
  readonly #folders: ClusterFolders;

  constructor(folders: ClusterFolders = clusterFolders()) {
    this.#folders = folders;
  }

  #processes(): ProcessFolder {
    makeFolder(this.#folders.root);
    return new ProcessFolder(this.#folders.root);
  }

  #locked<T>(report: Report, work: () => Promise<T>): Promise<T> {
    requireRoot();
    const onWait = (pid: number): void => report(`waiting for process ${pid}, which is changing the cluster`);
    return withLock(this.#folders.lock, { timeoutSeconds: lockTimeoutSeconds, onWait }, work);
  }

  up(report: Report): Promise<void> {
    return this.#locked(report, async () => {
      if (await isUp(this.#folders, this.#processes())) return;
      await bringUp(this.#folders, this.#processes(), report);
    });
  }

  down(report: Report, options: { readonly deleteData?: boolean } = {}): Promise<void> {
    return this.#locked(report, async () => {
      if (!existsSync(this.#folders.root)) return;
      await tearDown(this.#folders, this.#processes(), report);
      if (options.deleteData !== true) return;
      deleteClusterData(this.#folders, { keepDestination: false });
      rmSync(this.#folders.root, { recursive: true, force: true });
    });
  }

  reset(report: Report, options: { readonly keepDestination?: boolean } = {}): Promise<void> {
    return this.#locked(report, async () => {
      await tearDown(this.#folders, this.#processes(), report);
      deleteClusterData(this.#folders, { keepDestination: options.keepDestination ?? false });
      await bringUp(this.#folders, this.#processes(), report);
    });
  }

  async status(): Promise<ClusterStatus> {
    if (!existsSync(this.#folders.root)) return { provider: this.name, state: 'down', components: [], residues: [] };
    const processes = this.#processes();
    const specs = componentSpecs(this.#folders);
    const components = componentNames.map((name): ComponentStatus => {
      const pid = processes.identity(name)?.pid;
      const running = pid === undefined ? {} : { pid, memoryBytes: memoryBytes(pid) };
      return { name, state: processes.state(specs[name]), ...running };
    });
    const alive = components.filter(({ pid }) => pid !== undefined).length;
    const isDown = alive === 0;
    return {
      provider: this.name,
      state: isDown ? 'down' : (await isUp(this.#folders, processes)) ? 'up' : 'degraded',
      components,
      memoryBytes: this.#memoryBytes(processes),
      residues: isDown ? await findResidues({ ...this.#folders, lock: '' }, processes.mark) : [],
    };
  }

  #memoryBytes(processes: ProcessFolder): number {
    const marked = findByEnvironment(processes.mark).map(({ pid }) => pid);
    const pids = new Set([...marked, ...cgroupPids(cgroupName)]);
    return [...pids].reduce((sum, pid) => sum + memoryBytes(pid), 0);
  }

  async environment(): Promise<ClusterEnvironment> {
    const { adminKubeconfig, bin } = this.#folders;
    if (!existsSync(adminKubeconfig)) throw new ClusterError('there is no cluster: run "npm run cluster -- up"');
    return { kubeconfigPath: adminKubeconfig, s3: s3Location(this.#folders), binFolder: bin };
  }

  async logNames(): Promise<readonly string[]> {
    return componentNames;
  }

  async logPath(name: string): Promise<string> {
    const known: readonly string[] = componentNames;
    if (!known.includes(name))
      throw new ClusterError(`there is no component "${name}": choose one of ${componentNames.join(', ')}`);
    return this.#processes().logPath(name);
  }

  async buildImage(build: ImageBuild, report: Report): Promise<void> {
    await withImageArchive(build, report, async (archive) => {
      if (build.keep === true) await ensureImported(this.#folders, archive);
      else await importImages(this.#folders, archive);
    });
  }

  async #startComponent(name: ComponentName): Promise<void> {
    const processes = this.#processes();
    await processes.ensure(componentSpecs(this.#folders)[name]);
    await waitForComponent(this.#folders, processes, name);
  }

  async ageObject(key: string, ageSeconds: number): Promise<void> {
    const writtenSeconds = Date.now() / 1000 - ageSeconds;
    utimesSync(s3ObjectPath(this.#folders, key), writtenSeconds, writtenSeconds);
  }

  async stopS3(): Promise<void> {
    await this.#processes().stop('s3', { signal: 'SIGKILL' });
  }

  startS3(): Promise<void> {
    return this.#startComponent('s3');
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
