import { reflectorSource, type Source, whenSpecChanges } from '../runtime/source.ts';
import { keyOfClaim } from './claim-keys.ts';
import type { ControllerParts } from './controller-parts.ts';
import { BY_TIER } from './stores.ts';

/** A source that names all claims of a tier whose spec has changed. */
export const tierSource = ({ context, reflectors }: Pick<ControllerParts, 'context' | 'reflectors'>): Source =>
  reflectorSource(
    reflectors.policies,
    whenSpecChanges(({ key }) => context.stores.claims.byIndex(BY_TIER, key).map(keyOfClaim)),
  );
