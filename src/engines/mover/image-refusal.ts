import type { MoverContext } from './context.ts';

/** Why there is nothing that movers could run from, a clause; undefined where there is. */
export const imageRefusal = ({ ownImage }: Pick<MoverContext, 'ownImage'>): string | undefined =>
  ownImage === undefined ? 'Rebound does not run in a pod, so that it knows of no image for its movers' : undefined;
