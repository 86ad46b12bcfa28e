import { KubeConfig } from '@kubernetes/client-node';
import type { EngineName } from '../../../src/api/backup-policy.ts';
import { API_GROUP_VERSION } from '../../../src/api/group.ts';
import { BACKUP_NOW_ANNOTATION, COLLAPSE_ANNOTATION, RESTORE_ANNOTATION, TIER_LABEL } from '../../../src/api/labels.ts';
import { nameForClaim } from '../../../src/domain/object-names.ts';
import { replicationSources } from '../../../src/engines/volsync/kinds.ts';
import { repositorySecretOf } from '../../../src/engines/volsync/replication-source.ts';
import { KubeClient } from '../../../src/kube/client/client.ts';
import { KubeConnection } from '../../../src/kube/client/connection.ts';
import { namespaces, persistentVolumeClaims, pods, secrets } from '../../../src/kube/model/built-in-kinds.ts';
import { backupPolicies, protectedVolumes } from '../../../src/api/resource-kinds.ts';
import { chooseProvider } from '../../cluster/choose-provider.ts';
import { poll } from '../../cluster/poll.ts';
import type { ClusterEnvironment } from '../../cluster/provider.ts';
import { applicationImage, loadApplicationImage } from '../../e2e/support/application-image.ts';
import { installRebound } from '../../install/install.ts';
import { kubectl } from '../../install/kubectl.ts';
import type { BenchContext } from '../bench.ts';
import { checksumScript, type Contents } from './contents.ts';

export const namespace = 'bench-restore';
export const claimName = 'data';
export const storageClassName = 'hostdir-immediate';
/** The user that owns the data, and that movers have to run as. */
export const owner = { runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000 };
/** Holds what restic needs to reach the repository, for those who are not Rebound. */
export const repositorySecretName = 'bench-repository';

const tier = 'bench-restore';
const podName = 'application';
const timeoutSeconds = 900;

/** The local cluster with Rebound on it, and one backup of one claim. */
export class ClusterWorld {
  readonly client: KubeClient;
  readonly environment: ClusterEnvironment;
  readonly contents: Contents;

  constructor(client: KubeClient, environment: ClusterEnvironment, contents: Contents) {
    this.client = client;
    this.environment = environment;
    this.contents = contents;
  }

  get claimSpec() {
    const resources = { requests: { storage: this.contents.capacity } };
    return { accessModes: ['ReadWriteOnce'], storageClassName, resources };
  }

  /** The user's claim: nothing but the label. */
  get labelledClaim() {
    return { metadata: { name: claimName, namespace, labels: { [TIER_LABEL]: tier } }, spec: this.claimSpec };
  }

  /** Runs bash in a pod that mounts the claim; the pod is gone afterwards. */
  async inPod(script: string): Promise<string> {
    const ref = { namespace, name: podName };
    await this.startPod();
    const command = ['bash', '-euc', `cd /data; ${script}`];
    const printed = await this.kubectl(['exec', podName, '--', ...command]);
    await this.client.delete(pods, ref, { gracePeriodSeconds: 0 });
    await this.#until('the pod to be gone', async () => (await this.client.get(pods, ref)) === undefined);
    return printed.trim();
  }

  async startPod(): Promise<void> {
    const container = {
      name: 'application',
      image: applicationImage,
      command: ['sleep', 'infinity'],
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    };
    await this.client.create(pods, {
      metadata: { namespace, name: podName },
      spec: {
        terminationGracePeriodSeconds: 0,
        securityContext: owner,
        containers: [container],
        volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
      },
    });
    await this.kubectl(['wait', '--for=condition=Ready', `pod/${podName}`, `--timeout=${timeoutSeconds}s`]);
  }

  /** Deletes the claim and waits until all volumes and pods of the namespace are gone: nothing runs on into the next run. */
  async removeClaim(): Promise<void> {
    await this.client.delete(persistentVolumeClaims, { namespace, name: claimName });
    await this.#until('all claims and pods to be gone', async () => {
      const claims = await this.client.list(persistentVolumeClaims, { namespace });
      const left = await this.client.list(pods, { namespace });
      return claims.length + left.length === 0;
    });
  }

  /** From no claim at all to a backup that Rebound has confirmed; no further backups are made then. */
  async takeBackup(): Promise<string> {
    await this.#applyTier({ suspend: false });
    const { metadata, spec } = this.labelledClaim;
    // There may be backups of an earlier run, of larger contents too.
    const blank = { ...metadata, annotations: { [RESTORE_ANNOTATION]: 'none', [COLLAPSE_ANNOTATION]: 'ignore' } };
    await this.client.create(persistentVolumeClaims, { metadata: blank, spec });
    await this.startPod();
    await this.kubectl(['exec', podName, '--', 'bash', '-euc', `cd /data; ${this.contents.fillScript}`]);
    const request = new Date().toISOString();
    const annotations = { [BACKUP_NOW_ANNOTATION]: request };
    const claim = { namespace, name: claimName };
    await this.client.mergePatch(persistentVolumeClaims, claim, { metadata: { annotations } });
    await this.#until('a confirmed backup', async () => {
      const volume = await this.client.get(protectedVolumes, claim);
      return volume?.status?.phase === 'Protected' && volume.status.lastBackupRequest === request;
    });
    await this.#applyTier({ suspend: true });
    await this.#copyRepositorySecret();
    await this.client.delete(pods, { namespace, name: podName }, { gracePeriodSeconds: 0 });
    const checksum = await this.#untilGoneThen(() => this.inPod(checksumScript));
    await this.removeClaim();
    return checksum;
  }

  /** The environment by which restic reaches the repository. */
  async repositoryEnvironment(): Promise<Readonly<Record<string, string>>> {
    const secret = await this.client.get(secrets, { namespace, name: repositorySecretName });
    const entries = Object.entries(secret?.data ?? {});
    return Object.fromEntries(entries.map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]));
  }

  /** Takes everything away but the backup in the store. */
  async remove(): Promise<void> {
    await this.client.delete(namespaces, { name: namespace });
    await this.#until('the namespace to be gone', async () => {
      return (await this.client.get(namespaces, { name: namespace })) === undefined;
    });
    await this.client.delete(backupPolicies, { name: tier });
  }

  kubectl(words: readonly string[]): Promise<string> {
    return kubectl(this.environment, ['--namespace', namespace, ...words]);
  }

  async #untilGoneThen<T>(work: () => Promise<T>): Promise<T> {
    const ref = { namespace, name: podName };
    await this.#until('the pod to be gone', async () => (await this.client.get(pods, ref)) === undefined);
    return work();
  }

  /** What restores from now on; nothing is backed up any more. */
  async useEngine(engine: EngineName): Promise<void> {
    await this.#applyTier({ suspend: true, engine });
  }

  async #applyTier(spec: { readonly suspend: boolean; readonly engine?: EngineName }): Promise<void> {
    await this.client.apply(backupPolicies, {
      apiVersion: API_GROUP_VERSION,
      metadata: { name: tier },
      spec: { schedule: { every: 'Week' }, ...spec },
    });
  }

  /** Rebound's own ends with its claim. */
  async #copyRepositorySecret(): Promise<void> {
    const schedule = await this.client.get(replicationSources, { namespace, name: nameForClaim(claimName) });
    const name = schedule === undefined ? undefined : repositorySecretOf(schedule);
    const made = name === undefined ? undefined : await this.client.get(secrets, { namespace, name });
    if (made?.data === undefined) throw new Error('Rebound has made no Secret for the repository');
    await this.client.create(secrets, { metadata: { namespace, name: repositorySecretName }, data: made.data });
  }

  async #until(what: string, check: () => Promise<boolean>): Promise<void> {
    await poll({ what, timeoutSeconds, intervalMs: 250 }, check);
  }
}

/** Connects to the running cluster, installs Rebound, and makes an empty namespace. */
export async function openClusterWorld({ cleanup, report }: BenchContext, contents: Contents): Promise<ClusterWorld> {
  const provider = await chooseProvider();
  await provider.up(report);
  await installRebound(provider, report);
  await loadApplicationImage(provider, report);
  const environment = await provider.environment();
  const config = new KubeConfig();
  config.loadFromFile(environment.kubeconfigPath);
  const connection = new KubeConnection({ config, userAgent: 'rebound-bench' });
  cleanup.add(() => connection.close());
  const world = new ClusterWorld(new KubeClient({ connection, fieldManager: 'rebound-bench' }), environment, contents);
  await world.remove();
  cleanup.add(() => world.remove());
  await world.client.create(namespaces, { metadata: { name: namespace } });
  return world;
}
