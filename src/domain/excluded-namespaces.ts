import { MOVERS_NAMESPACE, SYSTEM_NAMESPACE } from '../api/group.ts';

/**
 * Namespaces whose claims Rebound leaves alone: Kubernetes' own, Rebound's and the engines'. Were they intercepted, a
 * webhook that is down could keep the very parts from starting that it needs. The webhook configuration and the
 * admission policies carry the same list.
 */
export const EXCLUDED_NAMESPACES: readonly string[] = [
  'kube-node-lease',
  'kube-public',
  'kube-system',
  MOVERS_NAMESPACE,
  SYSTEM_NAMESPACE,
  'volsync-system',
];
