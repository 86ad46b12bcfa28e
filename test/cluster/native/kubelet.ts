import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pkiPaths } from './certificates.ts';
import type { ClusterFolders } from './layout.ts';
import { cgroupName, network, nodeName, ports } from './layout.ts';
import type { ProcessSpec } from './process-folder.ts';

function configPath(folders: ClusterFolders): string {
  return join(folders.kubelet, 'config.json');
}

export function writeKubeletConfig(folders: ClusterFolders): void {
  const config = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: network.gateway,
    port: ports.kubelet,
    healthzBindAddress: '127.0.0.1',
    healthzPort: ports.kubeletHealth,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pkiPaths(folders.pki).caCertificate },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: join(folders.pki, 'node.crt'),
    tlsPrivateKeyFile: join(folders.pki, 'node.key'),
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroupName}`,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    containerRuntimeEndpoint: `unix://${folders.containerdSocket}`,
    clusterDNS: [network.dnsService],
    clusterDomain: 'cluster.local',
    // Pods have no way out: no resolver outside is of use to them.
    resolvConf: '',
    podLogsDir: folders.podLogs,
    volumePluginDir: join(folders.kubelet, 'volume-plugins'),
    evictionHard: { 'memory.available': '100Mi', 'nodefs.available': '1%', 'imagefs.available': '1%' },
    // Images are imported, not pulled: one that was collected as garbage would be missing for ever.
    imageGCHighThresholdPercent: 100,
    syncFrequency: '10s',
    nodeStatusUpdateFrequency: '10s',
    maxPods: 200,
    registryPullQPS: 0,
    eventRecordQPS: 0,
    kubeAPIQPS: 100,
    kubeAPIBurst: 200,
    shutdownGracePeriod: '0s',
  };
  for (const folder of [folders.kubelet, folders.podLogs]) mkdirSync(folder, { recursive: true });
  writeFileSync(configPath(folders), `${JSON.stringify(config, undefined, 2)}\n`);
}

export function kubeletSpec(folders: ClusterFolders, kubebox: string): ProcessSpec {
  const flags = [
    `--config=${configPath(folders)}`,
    `--kubeconfig=${folders.nodeKubeconfig}`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${network.gateway}`,
    `--root-dir=${folders.kubelet}`,
    `--cert-dir=${join(folders.kubelet, 'pki')}`,
  ];
  return { name: 'kubelet', command: [kubebox, 'kubelet', ...flags] };
}
