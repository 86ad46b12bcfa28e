import type { MoverUser } from '../../api/snapshot.ts';

/**
 * The pod security context of a mover. A known user makes the pod fit namespaces that enforce the restricted Pod Security
 * Standard; an unknown one is left to the engine.
 */
export function moverSecurityContext(user: MoverUser): Readonly<Record<string, unknown>> | undefined {
  const { runAsUser, runAsGroup, fsGroup } = user;
  if (runAsUser === undefined && runAsGroup === undefined && fsGroup === undefined) return undefined;
  return {
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsUser === undefined || runAsUser === 0 ? {} : { runAsNonRoot: true }),
    ...(runAsGroup === undefined ? {} : { runAsGroup }),
    ...(fsGroup === undefined ? {} : { fsGroup, fsGroupChangePolicy: 'OnRootMismatch' }),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

/**
 * The pod security context of a mover that only reads the claim's data. With an fsGroup the kubelet would change the group
 * and the modes of all files (0600 becomes 0660) before the mover reads them, of the live volume where it is read itself;
 * as a supplementary group it gives the same access and changes nothing. The price: where the cache volume's top folder
 * belongs to root, restic works without its cache.
 */
export function readingMoverSecurityContext(user: MoverUser): Readonly<Record<string, unknown>> | undefined {
  const { fsGroup, ...reader } = user;
  if (fsGroup === undefined) return moverSecurityContext(user);
  const seccompProfile = { type: 'RuntimeDefault' };
  return { ...(moverSecurityContext(reader) ?? { seccompProfile }), supplementalGroups: [fsGroup] };
}
