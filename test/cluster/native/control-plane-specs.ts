import { join } from 'node:path';

import type { Pki } from './certificates.ts';
import type { ProcessSpec } from './process-folder.ts';

/** Where and how a control plane runs. */
export interface ControlPlaneLayout {
  /** The kubebox binary. */
  readonly kubebox: string;
  readonly folder: string;
  readonly pki: Pki;
  readonly adminKubeconfig: string;
  /** Address that the API server listens on. */
  readonly address: string;
  /** Address that everything else listens on. */
  readonly localAddress: string;
  readonly ports: ControlPlanePorts;
  readonly serviceSubnet: string;
  readonly podSubnet: string;
  /** More flags for the API server. They come last, so they win. */
  readonly apiServerFlags?: readonly string[];
}

export interface ControlPlanePorts {
  readonly apiServer: number;
  readonly etcd: number;
  readonly etcdPeer: number;
}

export function etcdUrl(layout: ControlPlaneLayout): string {
  return `http://${layout.localAddress}:${layout.ports.etcd}`;
}

export function apiServerUrl(layout: ControlPlaneLayout): string {
  return `https://${layout.address}:${layout.ports.apiServer}`;
}

/** Without fsync: the data survives the death of any process, not of the machine. */
export function etcdSpec(layout: ControlPlaneLayout): ProcessSpec {
  const peer = `http://${layout.localAddress}:${layout.ports.etcdPeer}`;
  const flags = [
    `--data-dir=${join(layout.folder, 'etcd')}`,
    `--listen-client-urls=${etcdUrl(layout)}`,
    `--advertise-client-urls=${etcdUrl(layout)}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    '--log-level=warn',
    '--unsafe-no-fsync',
  ];
  return { name: 'etcd', command: [layout.kubebox, 'etcd', ...flags] };
}

export function apiServerSpec(layout: ControlPlaneLayout): ProcessSpec {
  const { pki } = layout;
  const certificate = (name: string): string => join(pki.folder, `${name}.crt`);
  const key = (name: string): string => join(pki.folder, `${name}.key`);
  const flags = [
    `--etcd-servers=${etcdUrl(layout)}`,
    `--bind-address=${layout.address}`,
    `--secure-port=${layout.ports.apiServer}`,
    ...advertiseFlags(layout.address),
    `--tls-cert-file=${certificate('api-server')}`,
    `--tls-private-key-file=${key('api-server')}`,
    `--client-ca-file=${pki.caCertificate}`,
    `--service-account-key-file=${pki.serviceAccountPublicKey}`,
    `--service-account-signing-key-file=${pki.serviceAccountKey}`,
    '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
    `--service-cluster-ip-range=${layout.serviceSubnet}`,
    '--authorization-mode=Node,RBAC',
    '--allow-privileged=true',
    '--kubelet-preferred-address-types=InternalIP',
    `--kubelet-certificate-authority=${pki.caCertificate}`,
    `--kubelet-client-certificate=${certificate('admin')}`,
    `--kubelet-client-key=${key('admin')}`,
    ...(layout.apiServerFlags ?? []),
  ];
  return { name: 'apiserver', command: [layout.kubebox, 'apiserver', ...flags] };
}

/** The API server refuses to advertise loopback; without pods nobody uses the address (192.0.2.0/24 is for documentation, RFC 5737). */
function advertiseFlags(address: string): string[] {
  if (address === '127.0.0.1') return ['--advertise-address=192.0.2.1', '--endpoint-reconciler-type=none'];
  return [`--advertise-address=${address}`];
}

/** @param more flags. */
export function controllerManagerSpec(
  layout: ControlPlaneLayout,
  securePort: number,
  more: readonly string[] = [],
): ProcessSpec {
  const flags = [
    `--kubeconfig=${layout.adminKubeconfig}`,
    `--bind-address=${layout.localAddress}`,
    `--secure-port=${securePort}`,
    `--service-account-private-key-file=${layout.pki.serviceAccountKey}`,
    `--root-ca-file=${layout.pki.caCertificate}`,
    `--cluster-signing-cert-file=${layout.pki.caCertificate}`,
    `--cluster-signing-key-file=${layout.pki.caKey}`,
    '--use-service-account-credentials=true',
    `--cluster-cidr=${layout.podSubnet}`,
    `--service-cluster-ip-range=${layout.serviceSubnet}`,
    '--leader-elect=false',
    ...more,
  ];
  return { name: 'controller-manager', command: [layout.kubebox, 'controller-manager', ...flags] };
}

export function schedulerSpec(layout: ControlPlaneLayout, securePort: number): ProcessSpec {
  const flags = [
    `--kubeconfig=${layout.adminKubeconfig}`,
    `--bind-address=${layout.localAddress}`,
    `--secure-port=${securePort}`,
    '--leader-elect=false',
    // On a busy machine the scheduler may look at a pod before it has noticed that the pod's claim was bound, and then
    // leave it alone for as long as this; the default is five minutes.
    '--pod-max-in-unschedulable-pods-duration=10s',
  ];
  return { name: 'scheduler', command: [layout.kubebox, 'scheduler', ...flags] };
}
