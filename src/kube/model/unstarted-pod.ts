import type { Pod } from './built-in-kinds.ts';

/** Reasons of a waiting container that pass by themselves, as a rule within seconds. */
const passing: readonly string[] = ['ContainerCreating', 'PodInitializing'];

/** Why the scheduler finds no node for a pod, in its own words; undefined where it has found one, or not looked yet. */
export function unscheduledWords(status: Pod['status']): string | undefined {
  const refused = status?.conditions?.find((one) => one.type === 'PodScheduled' && one.status === 'False');
  return refused === undefined ? undefined : (refused.message ?? refused.reason ?? '');
}

/** What keeps a container that waits, in the kubelet's words; undefined where it does not wait, or only for a moment. */
export function stuckWords(
  waiting: { readonly reason?: string | undefined; readonly message?: string | undefined } | undefined,
): string | undefined {
  const { reason, message = '' } = waiting ?? {};
  return reason === undefined || passing.includes(reason) ? undefined : `${reason} ${message}`;
}
