import type { ClaimFacts } from '../domain/claim.ts';
import type { PersistentVolumeClaim } from '../kube/model/built-in-kinds.ts';

/** What decisions look at, of a claim that exists: the same that admission saw, but for what its class could bind. */
export function claimFactsOf({ metadata, spec }: PersistentVolumeClaim): ClaimFacts {
  const { namespace, name, labels = {}, annotations = {}, ownerReferences = [] } = metadata;
  const { dataSource, dataSourceRef, volumeName, selector, volumeMode, accessModes, storageClassName } = spec;
  return {
    namespace,
    name,
    labels,
    annotations,
    ownerKinds: ownerReferences.map((owner) => owner.kind),
    dataSource,
    dataSourceRef,
    volumeName,
    selector:
      selector === undefined
        ? undefined
        : { matchLabels: selector.matchLabels ?? {}, expressions: selector.matchExpressions?.length ?? 0 },
    volumeMode,
    accessModes,
    storageClassName,
  };
}
