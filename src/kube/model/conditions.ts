import type { Condition } from './crd-schema.ts';

/** A condition as one wishes it to be; when it last changed is worked out. */
export type DesiredCondition = Omit<Condition, 'lastTransitionTime'>;

/**
 * The conditions with one of them set. The time of the last transition moves only when the status does.
 *
 * @param now RFC 3339.
 */
export function setCondition(conditions: readonly Condition[], desired: DesiredCondition, now: string): Condition[] {
  const before = findCondition(conditions, desired.type);
  const lastTransitionTime = before?.status === desired.status ? before.lastTransitionTime : now;
  const after: Condition = { ...desired, lastTransitionTime };
  if (before === undefined) return [...conditions, after];
  return conditions.map((condition) => (condition.type === desired.type ? after : condition));
}

export function findCondition(conditions: readonly Condition[] | undefined, type: string): Condition | undefined {
  return conditions?.find((condition) => condition.type === type);
}

/** Whether the condition is there and True. */
export function isConditionTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return findCondition(conditions, type)?.status === 'True';
}
