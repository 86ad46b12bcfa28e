import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { pkiPaths } from './certificates.ts';
import type { ClusterFolders, ClusterLayout } from './layout.ts';
import { nodeName, ports } from './layout.ts';
import type { ProcessSpec } from './process-folder.ts';

function configPath(folders: ClusterFolders): string {
  return join(folders.kubelet, 'config.json');
}

export function writeKubeletConfig(layout: ClusterLayout): void {
  const config = {
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: layout.network.gateway,
    port: ports.kubelet,
    healthzBindAddress: layout.network.local,
    healthzPort: ports.kubeletHealth,
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: pkiPaths(layout.pki).caCertificate },
    },
    authorization: { mode: 'Webhook' },
    tlsCertFile: join(layout.pki, 'node.crt'),
    tlsPrivateKeyFile: join(layout.pki, 'node.key'),
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${layout.cgroupName}`,
    failCgroupV1: false,
    failSwapOn: false,
    enforceNodeAllocatable: [],
    containerRuntimeEndpoint: `unix://${layout.containerdSocket}`,
    clusterDNS: [layout.network.dnsService],
    clusterDomain: 'cluster.local',
    // Pods have no way out: no resolver outside is of use to them.
    resolvConf: '',
    podLogsDir: layout.podLogs,
    volumePluginDir: join(layout.kubelet, 'volume-plugins'),
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
  for (const folder of [layout.kubelet, layout.podLogs]) mkdirSync(folder, { recursive: true });
  writeFileSync(configPath(layout), `${JSON.stringify(config, undefined, 2)}\n`);
}

export function kubeletSpec(layout: ClusterLayout, kubebox: string): ProcessSpec {
  const flags = [
    `--config=${configPath(layout)}`,
    `--kubeconfig=${layout.nodeKubeconfig}`,
    `--hostname-override=${nodeName}`,
    `--node-ip=${layout.network.gateway}`,
    `--root-dir=${layout.kubelet}`,
    `--cert-dir=${join(layout.kubelet, 'pki')}`,
  ];
  return { name: 'kubelet', command: [kubebox, 'kubelet', ...flags] };
}
