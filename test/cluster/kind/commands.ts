import type { ImageBuild } from '../provider.ts';

/** Names of everything that the kind provider makes in the Docker engine. */
export const clusterName = 'rebound';
export const nodeContainer = `${clusterName}-control-plane`;
export const s3Container = 'rebound-s3';
export const s3Volume = 'rebound-s3';
export const dockerNetwork = 'kind';
export const s3Port = 9000;

export interface KindTools {
  readonly kind: string;
  readonly kubeconfigPath: string;
}

export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** No default storage class of kind's own: the cluster's classes are the same under both providers. */
export function kindConfig(): string {
  return JSON.stringify({ kind: 'Cluster', apiVersion: 'kind.x-k8s.io/v1alpha4', nodes: [{ role: 'control-plane' }] });
}

export function createCluster({ kind, kubeconfigPath }: KindTools): string[] {
  return [
    kind,
    'create',
    'cluster',
    '--name',
    clusterName,
    '--kubeconfig',
    kubeconfigPath,
    '--wait',
    '120s',
    '--config',
    '-',
  ];
}

export function deleteCluster({ kind, kubeconfigPath }: KindTools): string[] {
  return [kind, 'delete', 'cluster', '--name', clusterName, '--kubeconfig', kubeconfigPath];
}

export function loadImage({ kind }: KindTools, tag: string): string[] {
  return [kind, 'load', 'docker-image', tag, '--name', clusterName];
}

/** The Dockerfile's own base is used unless the build names one: here images can be pulled. */
export function buildImage(build: ImageBuild): string[] {
  const flags = Object.entries(build.buildArguments ?? {}).flatMap(([name, value]) => [
    '--build-arg',
    `${name}=${value}`,
  ]);
  return ['docker', 'build', '--tag', build.tag, ...flags, '--file', build.dockerfile, build.contextFolder];
}

/** Prints `running`, `exited`, ...; fails when there is no such container. */
export function containerState(name: string): string[] {
  return ['docker', 'inspect', '--format', '{{.State.Status}}', name];
}

/** Prints the IPv4 gateway of kind's network: the address at which both pods and this machine reach a published port. */
export function networkGateway(): string[] {
  return ['docker', 'network', 'inspect', dockerNetwork, '--format', '{{range .IPAM.Config}}{{.Gateway}} {{end}}'];
}

/** The first IPv4 address in what {@link networkGateway} printed. */
export function parseGateway(printed: string): string | undefined {
  return printed.split(/\s+/).find((word) => /^\d+(\.\d+){3}$/.test(word));
}

/** S3 beside the node, so that it outlives the cluster. The keys come from the environment, not from the command line. */
export function runS3(gateway: string, image: string): string[] {
  const publish = `${gateway}:${s3Port}:${s3Port}`;
  const keys = ['--env', 'ROOT_ACCESS_KEY', '--env', 'ROOT_SECRET_KEY'];
  const where = ['--network', dockerNetwork, '--publish', publish, '--volume', `${s3Volume}:/s3`];
  const server =
    'mkdir -p /s3/data /s3/metadata && exec versitygw --quiet --port :9000 posix --sidecar /s3/metadata /s3/data';
  return ['docker', 'run', '--detach', '--name', s3Container, ...keys, ...where, image, 'sh', '-c', server];
}

export function runS3Environment(keys: S3Keys): Record<string, string> {
  return { ROOT_ACCESS_KEY: keys.accessKeyId, ROOT_SECRET_KEY: keys.secretAccessKey };
}

/** The modification time of its file is what S3 calls the time of an object. */
export function ageObject(bucket: string, key: string, ageSeconds: number): string[] {
  return ['docker', 'exec', s3Container, 'touch', '--date', `-${ageSeconds} seconds`, `/s3/data/${bucket}/${key}`];
}

export function startContainer(name: string): string[] {
  return ['docker', 'start', name];
}

export function stopContainer(name: string): string[] {
  return ['docker', 'stop', '--time', '3', name];
}

export function killContainer(name: string): string[] {
  return ['docker', 'kill', name];
}

export function removeContainer(name: string): string[] {
  return ['docker', 'rm', '--force', name];
}

export function removeVolume(name: string): string[] {
  return ['docker', 'volume', 'rm', '--force', name];
}

/** The kubelet starts the API server again by itself. */
export function killApiServer(): string[] {
  return ['docker', 'exec', nodeContainer, 'pkill', '-KILL', '-x', 'kube-apiserver'];
}
