import type { Condition } from '../../../src/kube/model/crd-schema.ts';

/** The condition that says how an object stands. */
export const readyCondition = (conditions: readonly Condition[] | undefined): Condition | undefined =>
  conditions?.find(({ type }) => type === 'Ready');
