import type { Pod } from '../../kube/model/built-in-kinds.ts';
import { repositoryEnvironment, repositoryMount, repositoryVolume } from './mover-secret.ts';
import type { MoverRepository } from './mover-repository.ts';

/** Names of the containers of movers' pods. */
export const RESTIC_CONTAINER = 'restic';
export const FORGET_CONTAINER = 'forget';
export const LOOK_CONTAINER = 'look';
export const PROVE_CONTAINER = 'prove';
export const RECORD_CONTAINER = 'record';

/** Where a mover has the volume: the path that all repositories know volumes by. */
export const VOLUME_PATH = '/data';
const CACHE_PATH = '/cache';

/** ServiceAccount of all movers, which may do nothing. */
export const MOVER_ACCOUNT = 'rebound-mover';

/** An image, and when it is pulled. */
export interface MoverImage {
  readonly image: string;
  readonly imagePullPolicy?: string | undefined;
}

/** What movers run from. */
export interface MoverImages {
  /** Rebound's own. */
  readonly own: MoverImage;
  /** One that has `restic` in its search path. */
  readonly restic: MoverImage;
  /** Names of Secrets in the movers' namespace by which these are pulled. */
  readonly pullSecrets?: readonly string[] | undefined;
}

/** Where a pod must run. */
export type MoverPlacement = Pick<Pod['spec'], 'nodeSelector' | 'affinity' | 'tolerations'>;

/** Seconds between lines of restic's progress: some are in every look at its log. */
const PROGRESS_SECONDS = 5;

const imageOf = ({ image, imagePullPolicy }: MoverImage) => ({
  image,
  ...(imagePullPolicy === undefined ? {} : { imagePullPolicy }),
});

const volumeMount = (readOnly: boolean) => ({
  name: 'data',
  mountPath: VOLUME_PATH,
  ...(readOnly ? { readOnly } : {}),
});

/** A container of a mover's pod, as Kubernetes takes it. */
export interface MoverContainer {
  readonly name: string;
  readonly command: readonly string[];
  readonly args: readonly string[];
  readonly env: readonly object[];
  readonly workingDir?: string | undefined;
  readonly resources: object;
  readonly volumeMounts: readonly object[];
  readonly securityContext: object;
  readonly image: string;
  readonly imagePullPolicy?: string | undefined;
  readonly terminationMessagePolicy?: string | undefined;
}

/** What a container of a mover's pod is made of. */
interface Container {
  readonly secretName: string;
  readonly repository: MoverRepository;
  readonly images: MoverImages;
  readonly readOnly: boolean;
  readonly securityContext: object;
}

/** Flags of restic (https://restic.readthedocs.io, "Global options"), in KiB a second. */
function trafficArguments({ limits = {} }: MoverRepository): readonly string[] {
  const { uploadKiBPerSecond, downloadKiBPerSecond } = limits;
  return [
    ...(uploadKiBPerSecond === undefined ? [] : ['--limit-upload', String(uploadKiBPerSecond)]),
    ...(downloadKiBPerSecond === undefined ? [] : ['--limit-download', String(downloadKiBPerSecond)]),
  ];
}

/** One that runs restic on the repository alone, with arguments and without a shell. */
export function repositoryContainer(
  { secretName, repository, images, securityContext }: Omit<Container, 'readOnly'>,
  name: string,
  args: readonly string[],
): MoverContainer {
  return {
    name,
    ...imageOf(images.restic),
    command: ['restic'],
    args: [...args, ...trafficArguments(repository)],
    env: [
      ...repositoryEnvironment(secretName, repository),
      { name: 'RESTIC_CACHE_DIR', value: CACHE_PATH },
      // For the packs that it builds.
      { name: 'TMPDIR', value: CACHE_PATH },
      { name: 'RESTIC_PROGRESS_FPS', value: String(1 / PROGRESS_SECONDS) },
    ],
    resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '2Gi' } },
    securityContext,
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [{ name: 'cache', mountPath: CACHE_PATH }, repositoryMount],
  };
}

/** The same, with the volume. */
export function resticContainer(
  container: Container,
  args: readonly string[],
  environment: readonly object[] = [],
): MoverContainer {
  const base = repositoryContainer(container, RESTIC_CONTAINER, args);
  return {
    ...base,
    workingDir: VOLUME_PATH,
    env: [...base.env, ...environment],
    volumeMounts: [volumeMount(container.readOnly), ...base.volumeMounts],
  };
}

/** One of our own, which says what it found in its termination message. */
export function ownContainer(
  container: Omit<Container, 'secretName' | 'repository'> & Partial<Pick<Container, 'secretName' | 'repository'>>,
  name: string,
  environment: readonly object[] = [],
): MoverContainer {
  const { secretName, repository, images, readOnly, securityContext } = container;
  const isOpen = secretName !== undefined && repository !== undefined;
  return {
    name,
    ...imageOf(images.own),
    command: ['/nodejs/bin/node', '/app/rebound.mjs'],
    args: ['mover', name],
    env: [
      ...(isOpen ? repositoryEnvironment(secretName, repository) : []),
      { name: 'REBOUND_VOLUME', value: VOLUME_PATH },
      ...environment,
    ],
    resources: { requests: { cpu: '50m', memory: '64Mi' }, limits: { memory: '1Gi' } },
    securityContext,
    volumeMounts: [volumeMount(readOnly), ...(isOpen ? [repositoryMount] : [])],
  };
}

/** The volumes of a mover's pod. The claim is not mounted read-only itself: some drivers would refuse to attach it elsewhere. */
export const moverVolumes = (claimName: string, secretName: string, repository: MoverRepository) => [
  { name: 'data', persistentVolumeClaim: { claimName } },
  ...repositoryVolumes(secretName, repository),
];

/** Those of a pod that works on the repository alone. */
export const repositoryVolumes = (secretName: string, repository: MoverRepository) => [
  { name: 'cache', emptyDir: {} },
  repositoryVolume(secretName, repository),
];
