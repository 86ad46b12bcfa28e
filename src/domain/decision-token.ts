import { DECISION_ANNOTATION, DECISION_TOKEN_ANNOTATION } from '../api/labels.ts';
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

/** The admission policy lets two minutes pass; what is so much older was not made for the creation. */
const CERTAINLY_OLDER_MILLISECONDS = 10 * 60_000;

/**
 * What admission decided when a claim was created; undefined where it was not asked. An annotation that came with an exported
 * manifest, while neither webhook nor policy was there, is known by a token from long before the claim.
 *
 * @param creationTimestamp RFC 3339.
 */
export function standingDecision(
  annotations: Readonly<Record<string, string>> | undefined,
  creationTimestamp: string,
): string | undefined {
  const decidedMilliseconds = Date.parse(annotations?.[DECISION_TOKEN_ANNOTATION]?.split('@')[1] ?? '');
  const isCopied = Date.parse(creationTimestamp) - decidedMilliseconds > CERTAINLY_OLDER_MILLISECONDS;
  return isCopied ? undefined : annotations?.[DECISION_ANNOTATION];
}
