import type { Condition } from '../kube/model/crd-schema.ts';
import { setCondition } from '../kube/model/conditions.ts';

/** Whether labelled claims are decided on or refused, as the last look found. */
export interface GuardState {
  /** `Unknown` while the API server did not say. */
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
}

/** What is known of the guard. */
export interface GuardView {
  /** Undefined before the first look. */
  readonly current: GuardState | undefined;
}

/**
 * A destination's conditions with what is known of the guard; as they are before the first look.
 *
 * @param now RFC 3339.
 */
export function withGuardCondition(
  conditions: readonly Condition[],
  { current }: GuardView,
  generation: number | undefined,
  now: string,
): Condition[] {
  if (current === undefined) return [...conditions];
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  return setCondition(conditions, { type: 'AdmissionGuarded', ...current, ...observed }, now);
}
