import { join } from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { chooseProvider } from '../../cluster/choose-provider.ts';
import { run } from '../../cluster/command.ts';
import { findByEnvironment, signalProcess } from '../../cluster/native/process-identity.ts';
import { poll } from '../../cluster/poll.ts';
import type { ClusterEnvironment, ClusterProvider } from '../../cluster/provider.ts';

const namespace = 'cluster-test';
const image = 'localhost/rebound-base:bookworm';

let provider: ClusterProvider;
let environment: ClusterEnvironment;

function kubectl(args: readonly string[], input?: string): Promise<string> {
  const program = join(environment.binFolder, 'kubectl');
  const command = [program, '--kubeconfig', environment.kubeconfigPath, ...args];
  return run(command, input === undefined ? {} : { input });
}

function apply(...objects: readonly object[]): Promise<string> {
  const list = { apiVersion: 'v1', kind: 'List', items: objects };
  return kubectl(['apply', '--namespace', namespace, '-f', '-'], JSON.stringify(list));
}

function claim(name: string, storageClassName: string, dataSource?: object): object {
  return {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name },
    spec: {
      accessModes: ['ReadWriteOnce'],
      storageClassName,
      resources: { requests: { storage: '1Gi' } },
      ...(dataSource === undefined ? {} : { dataSource }),
    },
  };
}

function pod(name: string, claimName: string, script: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      restartPolicy: 'Never',
      terminationGracePeriodSeconds: 0,
      securityContext: { runAsUser: 999, runAsGroup: 999, fsGroup: 999 },
      containers: [
        {
          name: 'main',
          image,
          imagePullPolicy: 'IfNotPresent',
          command: ['bash', '-euc', script],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName } }],
    },
  };
}

async function waitFor(kind: string, name: string, jsonPath: string, value: string): Promise<void> {
  const condition = `--for=jsonpath=${jsonPath}=${value}`;
  await kubectl(['wait', condition, '--timeout=120s', '--namespace', namespace, `${kind}/${name}`]);
}

/** Runs a pod to its end and returns what it printed. */
async function output(name: string, claimName: string, script: string): Promise<string> {
  await apply(pod(name, claimName, script));
  await waitFor('pod', name, '{.status.phase}', 'Succeeded');
  return (await kubectl(['logs', '--namespace', namespace, name])).trim();
}

function repository(): object {
  const { s3 } = environment;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'repository' },
    stringData: {
      RESTIC_REPOSITORY: `s3:${s3.endpoint}/${s3.bucket}/cluster-test-${Date.now()}`,
      RESTIC_PASSWORD: 'only for this test',
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    },
  };
}

const mover = { runAsUser: 999, runAsGroup: 999, fsGroup: 999 };

beforeAll(async () => {
  provider = await chooseProvider();
  await provider.up(() => undefined);
  environment = await provider.environment();
  await kubectl(['delete', 'namespace', namespace, '--ignore-not-found']);
  await kubectl(['create', 'namespace', namespace]);
});

afterAll(async () => {
  await kubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait=false']);
});

describe('the local cluster', () => {
  it('backs a volume up with VolSync and restores it straight into a WaitForFirstConsumer claim', async () => {
    await apply(claim('source', 'hostdir-immediate'), repository());
    const written = await output(
      'writer',
      'source',
      'mkdir /data/folder; head -c 3000000 /dev/urandom > /data/folder/random; sha256sum /data/folder/random',
    );
    await apply({
      apiVersion: 'volsync.backube/v1alpha1',
      kind: 'ReplicationSource',
      metadata: { name: 'backup' },
      spec: {
        sourcePVC: 'source',
        trigger: { manual: 'once' },
        restic: { repository: 'repository', copyMethod: 'Snapshot', moverSecurityContext: mover },
      },
    });
    await waitFor('replicationsource', 'backup', '{.status.lastManualSync}', 'once');
    await kubectl(['delete', '--namespace', namespace, 'replicationsource/backup', 'pod/writer', 'pvc/source']);

    await apply(claim('target', 'hostdir-wffc'), {
      apiVersion: 'volsync.backube/v1alpha1',
      kind: 'ReplicationDestination',
      metadata: { name: 'restore' },
      spec: {
        trigger: { manual: 'once' },
        restic: {
          repository: 'repository',
          copyMethod: 'Direct',
          destinationPVC: 'target',
          moverSecurityContext: mover,
        },
      },
    });
    await waitFor('replicationdestination', 'restore', '{.status.lastManualSync}', 'once');
    const read = await output('reader', 'target', 'sha256sum /data/folder/random');
    expect(read).toBe(written);
  });

  it('takes snapshots at one point in time while a program writes', async () => {
    const fileCount = 300;
    await apply(
      claim('counters', 'hostdir-immediate'),
      pod(
        'counting',
        'counters',
        `for ((n = 1; ; n++)); do for ((f = 0; f < ${fileCount}; f++)); do echo $n > /data/$f; done; touch /data/running; done`,
      ),
    );
    await waitFor('pod', 'counting', '{.status.phase}', 'Running');
    await poll({ what: 'the counters to count', timeoutSeconds: 30 }, async () => {
      const listed = await kubectl(['exec', '--namespace', namespace, 'counting', '--', 'ls', '/data']);
      return listed.includes('running');
    });
    await apply({
      apiVersion: 'snapshot.storage.k8s.io/v1',
      kind: 'VolumeSnapshot',
      metadata: { name: 'counters' },
      spec: { source: { persistentVolumeClaimName: 'counters' } },
    });
    await waitFor('volumesnapshot', 'counters', '{.status.readyToUse}', 'true');
    const source = { apiGroup: 'snapshot.storage.k8s.io', kind: 'VolumeSnapshot', name: 'counters' };
    await apply(claim('copy', 'hostdir-immediate', source));
    const read = await output('copy', 'copy', `for ((f = 0; f < ${fileCount}; f++)); do echo "$(</data/$f)"; done`);

    // Written in order, so at any instant: n, n, ..., then (one file may just be empty) n-1, n-1, ...
    const values = read.split('\n').map((line) => (line === '' ? undefined : Number(line)));
    const known = values.filter((value) => value !== undefined);
    expect(values).toHaveLength(fileCount);
    expect(known.length).toBeGreaterThanOrEqual(fileCount - 1);
    expect(known).toEqual(known.toSorted((a, b) => b - a));
    expect(Math.max(...known) - Math.min(...known)).toBeLessThanOrEqual(1);
  });

  it('heals what was killed, and a second up does nothing', async () => {
    const mark = `REBOUND_CLUSTER_PROCESS=${join(environment.kubeconfigPath, '..')}`;
    const before = await provider.status();
    const victims = before.components.filter(({ name }) =>
      ['s3', 'csi-hostdir', 'kubelet', 'scheduler'].includes(name),
    );
    for (const process of findByEnvironment(mark).filter(({ pid }) => victims.some((each) => each.pid === pid))) {
      signalProcess(process, 'SIGKILL');
    }
    const reports: string[] = [];
    await provider.up((message) => reports.push(message));
    const healed = await provider.status();
    expect(healed.state).toBe('up');
    reports.length = 0;
    await provider.up((message) => reports.push(message));
    expect(reports).toEqual([]);
    expect((await provider.status()).components.map(({ pid }) => pid)).toEqual(healed.components.map(({ pid }) => pid));
  });

  it('stops and starts S3, VolSync and the API server on demand', async () => {
    const { endpoint } = environment.s3;
    await provider.stopS3();
    await expect(fetch(endpoint)).rejects.toThrow();
    await provider.startS3();
    expect((await fetch(endpoint)).status).toBeGreaterThanOrEqual(200);
    await provider.stopVolsync();
    await provider.startVolsync();
    await provider.restartApiServer();
    expect(await kubectl(['get', '--raw', '/readyz'])).toBe('ok');
    expect((await provider.status()).state).toBe('up');
  });
});
