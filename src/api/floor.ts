import { createHash } from 'node:crypto';
import { z } from 'zod';

/** The policy that refuses undecided claims, and its binding (policies/no-undecided-claims.yaml). */
export const FLOOR_NAME = 'rebound-no-undecided-claims';

const expression = z.object({ expression: z.string() });

/** What decides whether a policy refuses a claim that it is asked about. */
export const floorRules = z.object({
  matchConditions: z.array(expression.extend({ name: z.string() })).optional(),
  validations: z.array(expression).optional(),
});
export type FloorRules = z.infer<typeof floorRules>;

/** SHA-256 of a policy's rules; the API server stores expressions as they were written. */
export function floorDigest({ matchConditions = [], validations = [] }: FloorRules): string {
  const rules = [matchConditions.map((one) => [one.name, one.expression]), validations.map((one) => one.expression)];
  return createHash('sha256').update(JSON.stringify(rules)).digest('hex');
}
