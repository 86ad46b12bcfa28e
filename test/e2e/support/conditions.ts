import type { Condition } from '../../../src/api/object.ts';

/** The condition that says how an object stands. */
export const readyCondition = (conditions: readonly Condition[] | undefined): Condition | undefined =>
  conditions?.find(({ type }) => type === 'Ready');
