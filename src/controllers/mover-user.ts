import { MOVER_USER_ANNOTATION } from '../api/labels.ts';
import type { MoverUser } from '../api/snapshot.ts';
import { chooseMoverUser, type MoverUserChoice, type PodSecurityFacts } from '../domain/mover-user.ts';
import { CREATED_BY_LABEL } from '../domain/helper-claims.ts';
import { objectKey } from '../kube/model/kind.ts';
import type { PersistentVolumeClaim, Pod } from '../kube/model/built-in-kinds.ts';
import { PODS_BY_CLAIM } from '../kube/model/placement.ts';
import type { Stores } from './stores.ts';

const isEngineMover = (pod: Pod): boolean => pod.metadata.labels?.[CREATED_BY_LABEL] === 'volsync';

function securityFacts(pod: Pod, claimName: string): PodSecurityFacts {
  const volumeNames = (pod.spec.volumes ?? [])
    .filter((volume) => volume.persistentVolumeClaim?.claimName === claimName)
    .map((volume) => volume.name);
  // A native sidecar runs, and may write, as long as the containers do.
  const sidecars = (pod.spec.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always');
  const containers = [...pod.spec.containers, ...sidecars]
    .filter((container) => container.volumeMounts?.some((mount) => volumeNames.includes(mount.name)))
    .map((container) => container.securityContext ?? {});
  return { name: pod.metadata.name, pod: pod.spec.securityContext ?? {}, containers };
}

/** Chooses whom the movers of a claim run as, from its annotation, its pods and what is remembered. */
export function moverUserOf(
  stores: Stores,
  claim: PersistentVolumeClaim,
  remembered: MoverUser | undefined,
): MoverUserChoice {
  const pods = stores.pods.byIndex(PODS_BY_CLAIM, objectKey(claim.metadata)).filter((pod) => !isEngineMover(pod));
  return chooseMoverUser({
    annotation: claim.metadata.annotations?.[MOVER_USER_ANNOTATION],
    pods: pods.map((pod) => securityFacts(pod, claim.metadata.name)),
    remembered,
  });
}

/** UIDs that the pods which mount a claim run as, each once, as far as their specs say. */
export function userIdsOf(stores: Stores, claim: PersistentVolumeClaim): readonly number[] {
  const pods = stores.pods.byIndex(PODS_BY_CLAIM, objectKey(claim.metadata)).filter((pod) => !isEngineMover(pod));
  const ids = pods
    .map((pod) => securityFacts(pod, claim.metadata.name))
    .flatMap(({ pod, containers }) => containers.map((one) => one.runAsUser ?? pod.runAsUser));
  return [...new Set(ids.filter((id) => id !== undefined))];
}
