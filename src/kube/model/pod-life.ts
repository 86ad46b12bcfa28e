import type { Pod } from './built-in-kinds.ts';

/** Whether any container of a pod runs, or has: the first waits without a word for as long as a volume can't be mounted. */
export function hasBegun({ status }: Pick<Pod, 'status'>): boolean {
  const all = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return all.some(({ state }) => (state?.running ?? state?.terminated) !== undefined);
}

/** Whether all of a pod is over, well or not. */
export const hasEnded = ({ status }: Pick<Pod, 'status'>): boolean =>
  status?.phase === 'Succeeded' || status?.phase === 'Failed';
