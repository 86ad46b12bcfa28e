import type { ClaimFacts } from './claim.ts';

/**
 * The token that ties a decision to a claim, an admission epoch and the moment: `<epoch>:<namespace>/<name>@<time>`. A claim
 * whose name is generated later is known by its `generateName`. The admission policy takes it apart in CEL (policies/): one
 * that was not made for the very creation at hand does not count.
 */
export function decisionToken(
  epoch: string,
  claim: Pick<ClaimFacts, 'namespace' | 'name' | 'generateName'>,
  nowMilliseconds: number,
): string {
  const name = claim.name === '' ? (claim.generateName ?? '') : claim.name;
  const time = `${new Date(nowMilliseconds).toISOString().slice(0, 19)}Z`;
  return `${epoch}:${claim.namespace}/${name}@${time}`;
}
