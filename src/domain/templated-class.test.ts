import { describe, expect, it } from 'vitest';
import { speaksOfClaim } from './templated-class.ts';

describe('a class whose volumes are named after their claims', () => {
  it.each([
    [{ subDir: '${pvc.metadata.namespace}/${pvc.metadata.name}' }],
    [{ pathPattern: '{{ .PVC.Namespace }}-{{ .PVC.Name }}' }],
    [{ pathPattern: '.PVC.Name' }],
    [{ usePvcName: 'true' }],
    [{ 'csi.storage.k8s.io/node-stage-secret-name': '${pvc.name}-key' }],
  ])('is known by its parameters: %j', (parameters) => {
    expect(speaksOfClaim(parameters)).toBe(true);
  });

  it.each([[{}], [{ pool: 'rbd', fsType: 'ext4' }], [{ subDir: 'volumes' }]])('is not this one: %j', (parameters) => {
    expect(speaksOfClaim(parameters)).toBe(false);
  });
});
