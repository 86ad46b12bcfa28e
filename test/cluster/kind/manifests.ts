/** Names of the images that the add-ons run, built and loaded by the provider. */
export const kindImages = {
  tools: 'localhost/rebound-cluster-tools:1',
  mover: 'localhost/volsync:0.14.0',
  base: 'localhost/rebound-base:bookworm',
} as const;

export const toolsNamespace = 'rebound-cluster';
const volsyncNamespace = 'volsync-system';
const kubeletFolder = '/var/lib/kubelet';
const dataFolder = '/var/lib/rebound-csi';
const socket = `${kubeletFolder}/plugins/hostdir.csi.rebound.dev/csi.sock`;

function named(apiVersion: string, kind: string, name: string, namespace?: string): object {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

/** A test cluster's own tools may do everything in it. */
function administrator(namespace: string, name: string): object[] {
  return [
    named('v1', 'ServiceAccount', name, namespace),
    {
      ...named('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', `${namespace}:${name}`),
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
}

function deployment(namespace: string, name: string, podSpec: object): object {
  const labels = { app: name };
  return {
    ...named('apps/v1', 'Deployment', name, namespace),
    spec: {
      replicas: 1,
      strategy: { type: 'Recreate' },
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { serviceAccountName: 'tools', ...podSpec } },
    },
  };
}

function container(name: string, args: readonly string[], more: object = {}): object {
  return {
    name,
    image: kindImages.tools,
    imagePullPolicy: 'IfNotPresent',
    command: [`/usr/local/bin/${name}`, ...args],
    ...more,
  };
}

const apiRates = ['--kube-api-qps=100', '--kube-api-burst=200'];

function csiDriver(): object {
  const kubelet = { name: 'kubelet', mountPath: kubeletFolder, mountPropagation: 'Bidirectional' };
  const nodeName = { name: 'NODE_NAME', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } };
  const driver = container(
    'csi-hostdir',
    [`--kubelet-dir=${kubeletFolder}`, `--data-dir=${dataFolder}`, '--node-name=$(NODE_NAME)'],
    {
      env: [nodeName],
      securityContext: { privileged: true },
      volumeMounts: [kubelet, { name: 'data', mountPath: dataFolder }],
    },
  );
  const plain = { env: [nodeName], volumeMounts: [{ name: 'kubelet', mountPath: kubeletFolder }] };
  return deployment(toolsNamespace, 'csi-hostdir', {
    containers: [
      driver,
      container('csi-provisioner', [`--csi-address=${socket}`, '--extra-create-metadata', ...apiRates], plain),
      container('csi-snapshotter', [`--csi-address=${socket}`, ...apiRates], plain),
    ],
    volumes: [
      { name: 'kubelet', hostPath: { path: kubeletFolder } },
      { name: 'data', hostPath: { path: dataFolder, type: 'DirectoryOrCreate' } },
    ],
  });
}

function volsync(): object {
  const args = [`--restic-container-image=${kindImages.mover}`, '--scc-name='];
  const env = [
    { name: 'WATCH_NAMESPACE', value: '' },
    { name: 'VOLSYNC_NAMESPACE', value: volsyncNamespace },
  ];
  return deployment(volsyncNamespace, 'volsync', { containers: [container('volsync', args, { env })] });
}

/** What runs as processes beside the node under the native provider runs as pods here. */
export function kindManifests(): object[] {
  return [
    named('v1', 'Namespace', toolsNamespace),
    named('v1', 'Namespace', volsyncNamespace),
    ...administrator(toolsNamespace, 'tools'),
    ...administrator(volsyncNamespace, 'tools'),
    csiDriver(),
    deployment(toolsNamespace, 'snapshot-controller', { containers: [container('snapshot-controller', apiRates)] }),
    volsync(),
  ];
}

/** The Deployments that must be available before the cluster is up: namespace and name. */
export const kindDeployments = [
  [toolsNamespace, 'csi-hostdir'],
  [toolsNamespace, 'snapshot-controller'],
  [volsyncNamespace, 'volsync'],
] as const;
