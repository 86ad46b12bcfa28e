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
