/** Tells what is being done, one short line each, for a person who waits. */
export type Report = (message: string) => void;

/** What a program outside the cluster needs in order to use it. */
export interface ClusterEnvironment {
  readonly kubeconfigPath: string;
  /** Reached at the same address from pods and from this machine. */
  readonly s3: S3Location;
  /** Folder with kubectl and restic, for PATH. */
  readonly binFolder: string;
}

/**
 * Where on the node tests keep the folders of volumes that they make by hand. Below /tmp, for Kubernetes deletes hostPath
 * volumes only there (pkg/volume/hostpath).
 */
export const staticVolumesFolder = '/tmp/rebound-static-volumes';

export interface S3Location {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface ComponentStatus {
  readonly name: string;
  readonly state: 'running' | 'changed' | 'dead' | 'absent';
  readonly pid?: number;
  readonly memoryBytes?: number;
}

export interface ClusterStatus {
  readonly provider: string;
  /** `down`: nothing runs. `degraded`: `up` would heal it. */
  readonly state: 'up' | 'degraded' | 'down';
  readonly components: readonly ComponentStatus[];
  /** Memory of everything that belongs to the cluster, containers included, where the provider can tell. */
  readonly memoryBytes?: number;
  /** What is left on the machine although the cluster is down. */
  readonly residues: readonly string[];
}

export interface ImageBuild {
  /** Full name with tag, for example `localhost/rebound:dev`. */
  readonly tag: string;
  /** Build context. */
  readonly contextFolder: string;
  /** Path of the Dockerfile. */
  readonly dockerfile: string;
  readonly buildArguments?: Readonly<Record<string, string>>;
  /** The image depends on nothing but the context folder and the arguments: it is built once and kept. */
  readonly keep?: boolean;
}

/** What can be done with every cluster. All methods may be called at any time and again. */
export interface Cluster {
  /** Brings the cluster up, heals what has died, and returns when it is ready to use; quick when it is up. */
  up(report: Report): Promise<void>;
  /** Ends everything. The cluster's data stays for the next `up`, unless `deleteData` is set. */
  down(report: Report, options?: { readonly deleteData?: boolean }): Promise<void>;
  status(): Promise<ClusterStatus>;
  /** @throws ClusterError when the cluster was never up. */
  environment(): Promise<ClusterEnvironment>;
  /** Ends the cluster, forgets everything it held (and what its S3 holds, unless `keepDestination`), and brings up a new one. */
  reset(report: Report, options?: { readonly keepDestination?: boolean }): Promise<void>;
  /** The names that `logs` knows. */
  logNames(): Promise<readonly string[]>;
  /** Path of a component's log. */
  logPath(name: string): Promise<string>;
}

/**
 * A Kubernetes cluster on this machine, with CSI volumes and snapshots (classes `hostdir-immediate`, the default, and
 * `hostdir-wffc`), cluster DNS, VolSync, and an S3 server beside it.
 */
export interface ClusterProvider extends Cluster {
  readonly name: 'kind' | 'native';
  /**
   * Builds an image and loads it into the cluster's node. A Dockerfile takes its base from the argument `BASE_IMAGE`: the
   * provider sets it where it can't pull images, to a Debian with Node 24 at /nodejs/bin/node.
   */
  buildImage(build: ImageBuild, report: Report): Promise<void>;

  /** Faults, for tests. Each returns when the effect is there. */
  /** Makes S3 say of an object of the cluster's bucket that it was written so long ago. */
  ageObject(key: string, ageSeconds: number): Promise<void>;
  stopS3(): Promise<void>;
  startS3(): Promise<void>;
  /** Kills the API server with SIGKILL, starts it again and waits until it is ready. */
  restartApiServer(): Promise<void>;
  stopVolsync(): Promise<void>;
  startVolsync(): Promise<void>;
}
