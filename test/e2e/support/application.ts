import { persistentVolumeClaims, pods } from '../../../src/kube/model/built-in-kinds.ts';
import { applicationImage } from './application-image.ts';
import type { ClaimOptions } from './claim-manifest.ts';
import { checksumScript, fillScript } from './volume-contents.ts';
import type { Workspace } from './workspace.ts';

export interface ApplicationOptions extends ClaimOptions {
  /** Ordinary files that it writes when it finds its volume blank; 20 if not given. */
  readonly files?: number;
  /** Runs as this user, in a folder of its own that nobody else may read. As root in the volume's top if not given. */
  readonly user?: number;
  /** Runs as {@link RESTRICTED_USER}, in the volume's top, as the restricted Pod Security Standard demands it. */
  readonly restricted?: boolean;
}

export const RESTRICTED_USER = 1000;

/** What an application found when it started. */
export interface Life {
  /** `blank`: nothing at all, so that it wrote new random data. */
  readonly origin: 'blank' | 'filled';
  /** Checksum of all it has, names, modes, owners and times included. */
  readonly checksum: string;
}

const folderOf = ({ user }: ApplicationOptions): string => (user === undefined ? '/data' : '/data/private');

const startScript = (options: ApplicationOptions): string => `set -eu
cd ${folderOf(options)}
origin=filled
if [ -z "$(ls -A --ignore=lost+found)" ]; then origin=blank; ${fillScript(options.files ?? 20)}; fi
echo "origin=$origin checksum=$(${checksumScript})"
trap 'exit 0' TERM
sleep infinity & wait`;

const privateFolder = (user: number) => ({
  name: 'private-folder',
  image: applicationImage,
  command: ['bash', '-c', `install -d -m 0700 -o ${user} -g ${user} /data/private`],
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
});

/** What the restricted Pod Security Standard demands of a pod. The kubelet changes no modes of what was restored. */
const restrictedPod = (user: number) => ({
  runAsNonRoot: true,
  runAsUser: user,
  runAsGroup: user,
  fsGroup: user,
  fsGroupChangePolicy: 'OnRootMismatch',
  seccompProfile: { type: 'RuntimeDefault' },
});

/** What the restricted Pod Security Standard demands of a container. */
export const restrictedContainer = { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } };

function containerSecurity({ user, restricted }: ApplicationOptions) {
  if (restricted === true) return { securityContext: restrictedContainer };
  return user === undefined ? {} : { securityContext: { runAsUser: user, runAsGroup: user } };
}

/** The containers of an application whose data is in the pod's volume `data`. */
export function applicationContainers(options: ApplicationOptions) {
  const { user, restricted } = options;
  return {
    terminationGracePeriodSeconds: 1,
    ...(restricted === true ? { securityContext: restrictedPod(RESTRICTED_USER) } : {}),
    ...(user === undefined ? {} : { initContainers: [privateFolder(user)] }),
    containers: [
      {
        name: 'application',
        image: applicationImage,
        command: ['bash', '-c', startScript(options)],
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
        ...containerSecurity(options),
      },
    ],
  };
}

/** Makes the claim and the pod that uses it, both of the same name: one application's manifests. */
export async function deploy(workspace: Workspace, name: string, options: ApplicationOptions = {}): Promise<void> {
  await workspace.createClaim(name, options);
  await startPod(workspace, name, options);
}

/** Makes the pod alone. */
export async function startPod(workspace: Workspace, name: string, options: ApplicationOptions = {}): Promise<void> {
  await workspace.client.create(pods, {
    metadata: { name, namespace: workspace.namespace },
    spec: {
      ...applicationContainers(options),
      restartPolicy: 'Never',
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: name } }],
    },
  });
}

/** Waits until an application has started, and returns what it found. */
export async function lifeOf(workspace: Workspace, podName: string, timeoutMilliseconds?: number): Promise<Life> {
  const { namespace, client } = workspace;
  const look = async (): Promise<Life | undefined> => {
    const pod = await client.get(pods, { namespace, name: podName });
    if (pod?.status?.phase === undefined || pod.status.phase === 'Pending') return undefined;
    for await (const line of client.podLogs({ namespace, name: podName })) {
      const told = /^origin=(blank|filled) checksum=([0-9a-f]{64})$/.exec(line);
      if (told?.[2] !== undefined) return { origin: told[1] === 'blank' ? 'blank' : 'filled', checksum: told[2] };
    }
    return undefined;
  };
  return workspace.eventually(`application ${podName} to start`, look, timeoutMilliseconds);
}

/** Runs bash in a running application, in its folder; returns what it prints. */
export async function inApplication(
  workspace: Workspace,
  name: string,
  script: string,
  options: ApplicationOptions = {},
): Promise<string> {
  const command = ['bash', '-c', `set -eu; cd ${folderOf(options)}; ${script}`];
  const printed = await workspace.cluster.kubectl(['-n', workspace.namespace, 'exec', name, '--', ...command]);
  return printed.trim();
}

/** Checksum of what a running application has now. */
export const checksumOf = (workspace: Workspace, name: string, options: ApplicationOptions = {}): Promise<string> =>
  inApplication(workspace, name, checksumScript, options);

/** Deletes the pod and waits until it is gone. */
export async function stopPod(workspace: Workspace, name: string): Promise<void> {
  const ref = { namespace: workspace.namespace, name };
  await workspace.client.delete(pods, ref, { gracePeriodSeconds: 0 });
  const isGone = async () => (await workspace.client.get(pods, ref)) === undefined;
  await workspace.eventually(`pod ${name} to be gone`, isGone);
}

/** Removes an application as a GitOps tool would: pod and claim, and with the claim its volume. */
export async function remove(workspace: Workspace, name: string): Promise<void> {
  const ref = { namespace: workspace.namespace, name };
  await stopPod(workspace, name);
  await workspace.client.delete(persistentVolumeClaims, ref);
  const isGone = async () => (await workspace.client.get(persistentVolumeClaims, ref)) === undefined;
  await workspace.eventually(`claim ${name} to be gone`, isGone);
}
