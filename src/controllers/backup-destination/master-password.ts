import type { Condition } from '../../kube/model/crd-schema.ts';
import { GOOD_PASSWORD_COMMAND, masterPasswordWeakness } from '../../domain/master-password.ts';
import type { OpenedDestination, Unopened } from '../../destinations/catalog.ts';
import { setCondition } from '../../kube/model/conditions.ts';

const TYPE = 'WeakMasterPassword';

/** Why a new store is not given its identity under this master password; undefined where it may be. */
export function refusedPassword(masterPassword: string): string | undefined {
  const weakness = masterPasswordWeakness(masterPassword);
  if (weakness === undefined) return undefined;
  return `${weakness}. Nothing was written to the store yet: put another one into the Secret (${GOOD_PASSWORD_COMMAND} makes one)`;
}

/**
 * Says of a destination in use that its master password is weak: to exchange it would make its backups unreadable, so it goes
 * on. The condition is absent where it never was so.
 *
 * @param now RFC 3339.
 */
export function withPasswordCondition(
  conditions: readonly Condition[],
  opened: OpenedDestination | Unopened,
  now: string,
): Condition[] {
  const weakness = opened.ok ? masterPasswordWeakness(opened.masterPassword) : undefined;
  if (weakness !== undefined) {
    const message = `Whoever holds a namespace's Secret and the store's key could read other namespaces' backups: ${weakness}. Backups and restores go on. To mend it, begin a new destination with the output of ${GOOD_PASSWORD_COMMAND}.`;
    return setCondition(conditions, { type: TYPE, status: 'True', reason: 'Guessable', message }, now);
  }
  if (!opened.ok || !conditions.some(({ type }) => type === TYPE)) return [...conditions];
  const message = 'The master password is long and mixed enough.';
  return setCondition(conditions, { type: TYPE, status: 'False', reason: 'Strong', message }, now);
}
