import type { MoverUser } from '../../api/snapshot.ts';

/**
 * The pod security context of a mover. A known user makes the pod fit namespaces that enforce the restricted Pod Security
 * Standard; an unknown one is left to the engine. Where movers are privileged the engine makes the container root
 * (internal/controller/mover/restic/mover.go, v0.14): in a pod that must not be root the kubelet would never start it.
 */
export function moverSecurityContext(
  user: MoverUser,
  isPrivileged: boolean,
): Readonly<Record<string, unknown>> | undefined {
  const { runAsUser, runAsGroup, fsGroup } = user;
  if (runAsUser === undefined && runAsGroup === undefined && fsGroup === undefined) return undefined;
  return {
    ...(runAsUser === undefined ? {} : { runAsUser }),
    ...(runAsUser === undefined || runAsUser === 0 || isPrivileged ? {} : { runAsNonRoot: true }),
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
export function readingMoverSecurityContext(
  user: MoverUser,
  isPrivileged: boolean,
): Readonly<Record<string, unknown>> | undefined {
  const { fsGroup, ...reader } = user;
  if (fsGroup === undefined) return moverSecurityContext(user, isPrivileged);
  const seccompProfile = { type: 'RuntimeDefault' };
  return { ...(moverSecurityContext(reader, isPrivileged) ?? { seccompProfile }), supplementalGroups: [fsGroup] };
}
