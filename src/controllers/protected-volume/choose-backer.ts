import type { BackupEngine } from '../../engines/engine.ts';
import { replicationSources } from '../../engines/volsync/kinds.ts';
import { missingVolSync } from '../missing-engine.ts';
import type { Reason } from '../../domain/helper-claims.ts';
import type { BackupScene, BackupTools } from './backup.ts';
import { ownershipOf } from './schedule-owner.ts';

/** What backs a claim up: an engine run by run, or a schedule that the other engine keeps itself. */
export type Backer =
  | { readonly kind: 'runs'; readonly engine: BackupEngine; readonly mayBegin: boolean }
  | {
      readonly kind: 'schedule';
      /** It has to go, once its run has ended and was looked at. */
      readonly isRetired: boolean;
      /** Why it does although the tier asks for another engine. */
      readonly because?: Reason | undefined;
    }
  /** The only engine that could is not installed. */
  | { readonly kind: 'missing'; readonly why: string };

/**
 * Chooses by the tier. One engine at a time: what the other one has begun is brought to its end first, both ways.
 */
export function chooseBacker(
  { engines, context }: Pick<BackupTools, 'engines' | 'context'>,
  { protection, policy, volume }: Pick<BackupScene, 'protection' | 'policy' | 'volume'>,
): Backer {
  const { claim, source, formerSource } = protection;
  const asked = engines[policy.spec.engine];
  const refusal = asked?.refusal(claim, policy);
  const wanted = refusal === undefined ? asked : undefined;
  const isScheduled = [source, formerSource].some((one) => one !== undefined && ownershipOf(one, volume) !== 'foreign');
  const busy = Object.values(engines).find((engine) => engine.runOf(claim) !== undefined);
  if (busy !== undefined) return { kind: 'runs', engine: busy, mayBegin: busy === wanted && !isScheduled };
  // A schedule that the local copy still has is gone with its kind: until the copy says so too, it is looked at as ever.
  if (wanted === undefined && source === undefined && context.isKindMissing(replicationSources)) {
    return { kind: 'missing', why: missingVolSync(policy, refusal) };
  }
  if (wanted === undefined) return { kind: 'schedule', isRetired: false, because: unfit(policy.spec.engine, refusal) };
  return isScheduled ? { kind: 'schedule', isRetired: true } : { kind: 'runs', engine: wanted, mayBegin: true };
}

const unfit = (engine: string, refusal: string | undefined): Reason | undefined =>
  refusal === undefined
    ? undefined
    : {
        reason: 'OtherEngine',
        message: `VolSync backs the claim up, although its tier asks for engine ${engine}: ${refusal}.`,
      };
