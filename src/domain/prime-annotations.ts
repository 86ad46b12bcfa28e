import { API_GROUP } from '../api/group.ts';

/** Names the class of a claim where its spec does not; still honoured by Kubernetes (component-helpers v0.34, pv_helpers.go). */
const LEGACY_CLASS_ANNOTATION = 'volume.beta.kubernetes.io/storage-class';

/**
 * Whose annotations are about the claim itself and not about its volume: Kubernetes' own record of binding, what tools
 * track their objects by (a copy would be taken for one of theirs, and pruned), and ours.
 */
const notAboutVolumes: readonly string[] = [
  API_GROUP,
  'pv.kubernetes.io',
  'volume.kubernetes.io',
  'volume.beta.kubernetes.io',
  'kubectl.kubernetes.io',
  'argocd.argoproj.io',
  'meta.helm.sh',
  'helm.sh',
  'toolkit.fluxcd.io',
  'config.kubernetes.io',
  'internal.config.kubernetes.io',
  'kustomize.config.k8s.io',
  'velero.io',
];

/**
 * The annotations of a claim that a provisioner may read, and that the claim which gets the volume first must have too:
 * all that have a prefix and none of the owners above.
 */
export function provisionerAnnotations(annotations: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations).filter(([key]) => isAboutVolume(key)));
}

function isAboutVolume(key: string): boolean {
  if (key === LEGACY_CLASS_ANNOTATION) return true;
  const [prefix, name] = key.split('/');
  if (prefix === undefined || name === undefined) return false;
  return !notAboutVolumes.some((owner) => prefix === owner || prefix.endsWith(`.${owner}`));
}
