import { expect, it } from 'vitest';
import { provisionerAnnotations } from './prime-annotations.ts';

it("a provisioner's annotations and the legacy class annotation go with the claim, and nobody else's do", () => {
  const forProvisioners = {
    'volume.beta.kubernetes.io/storage-class': 'fast',
    'nfs.io/storage-path': 'shop/data',
    'example.com/replicas': '2',
  };
  const others = {
    'volume.kubernetes.io/selected-node': 'node-1',
    'volume.kubernetes.io/storage-provisioner': 'csi.example',
    'pv.kubernetes.io/bind-completed': 'yes',
    'kubectl.kubernetes.io/last-applied-configuration': '{}',
    'argocd.argoproj.io/tracking-id': 'shop:/PersistentVolumeClaim:shop/data',
    'meta.helm.sh/release-name': 'shop',
    'kustomize.toolkit.fluxcd.io/prune': 'disabled',
    'rebound.dev/decision': 'restore',
    description: 'orders',
  };
  expect(provisionerAnnotations({ ...forProvisioners, ...others })).toEqual(forProvisioners);
});
