interface EngineCondition {
  readonly type: string;
  readonly reason: string;
  readonly message: string;
}

/**
 * VolSync reports every error of its own reconciles in the condition Synchronizing, also the conflicts of two writers
 * that Kubernetes asks every controller to repeat (k8s.io/apiserver/pkg/registry/generic/registry, OptimisticLockErrorMsg).
 * These pass by themselves within a second, as does its cache's not holding yet the snapshot that it has just made itself
 * (`volsync-<name>-src`, internal/controller/mover/restic/mover.go, v0.14).
 */
const passing =
  /the object has been modified; please apply your changes to the latest version|"volsync-\S+-src" not found/;

/** What VolSync complains about in an object's conditions; absent when it does not, or when it will pass by itself. */
export function engineComplaint(conditions: readonly EngineCondition[] | undefined): string | undefined {
  const synchronizing = conditions?.find(({ type }) => type === 'Synchronizing');
  if (synchronizing?.reason !== 'Error' || passing.test(synchronizing.message)) return undefined;
  return synchronizing.message;
}
