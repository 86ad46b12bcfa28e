import type { ClaimFacts } from './claim.ts';
import { rfc3339 } from '../time/rfc3339.ts';

/**
 * The token that ties a decision to a claim and the moment: `<namespace>/<name>@<time>`, the time in RFC 3339 with whole
 * seconds of UTC. A claim whose name is generated later is known by its `generateName`. The admission policy takes it apart
 * in CEL (policies/): one that was not made for the very creation at hand does not count.
 */
export function decisionToken(
  claim: Pick<ClaimFacts, 'namespace' | 'name' | 'generateName'>,
  nowMilliseconds: number,
): string {
  const name = claim.name === '' ? (claim.generateName ?? '') : claim.name;
  return `${claim.namespace}/${name}@${rfc3339(nowMilliseconds)}`;
}
