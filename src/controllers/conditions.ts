import type { Condition } from '../kube/model/crd-schema.ts';
import type { RestoreFinding } from '../api/snapshot.ts';
import { setCondition } from '../kube/model/conditions.ts';

/** How an object stands, in one word and one sentence. */
export interface Standing {
  readonly ready: boolean;
  /** Whether a person may have to mend something. */
  readonly stalled: boolean;
  readonly reason: string;
  readonly message: string;
}

const flag = (value: boolean): 'True' | 'False' => (value ? 'True' : 'False');

/**
 * The conditions Ready, Reconciling and Stalled of a standing, put into those that an object has.
 *
 * @param now RFC 3339.
 */
export function standingConditions(
  before: readonly Condition[] | undefined,
  standing: Standing,
  generation: number | undefined,
  now: string,
): Condition[] {
  const { reason, message, ready, stalled } = standing;
  const common = { reason, message, ...(generation === undefined ? {} : { observedGeneration: generation }) };
  const desired = [
    { type: 'Ready', status: flag(ready), ...common },
    { type: 'Reconciling', status: flag(!ready && !stalled), ...common },
    { type: 'Stalled', status: flag(stalled), ...common },
  ];
  return desired.reduce<Condition[]>((list, condition) => setCondition(list, condition, now), [...(before ?? [])]);
}

/** The conditions with the one that a finding is shown by, and without that of another. */
export function withFinding(
  conditions: readonly Condition[],
  finding: RestoreFinding | undefined,
  generation: number | undefined,
  now: string,
): Condition[] {
  const others = conditions.filter(({ type }) => !findingKinds.includes(type) || type === finding?.kind);
  if (finding === undefined) return others;
  const { kind, message } = finding;
  const observed = generation === undefined ? {} : { observedGeneration: generation };
  return setCondition(others, { type: kind, status: 'True', reason: 'AwaitsAnswer', message, ...observed }, now);
}

const findingKinds: readonly string[] = ['OlderRestored', 'NotRestored', 'Held'];
