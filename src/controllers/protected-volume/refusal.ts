import type { ProtectionVerdict } from '../../domain/protection.ts';
import type { Explanation } from '../../domain/telling.ts';
import { isConflict } from '../../kube/client/errors.ts';
import { requeueAfter, type Result } from '../../runtime/result.ts';
import { ageMilliseconds, type ControllerContext, warn } from '../context.ts';
import { refusalOf } from '../refusals.ts';
import { recordProtection } from './status.ts';

const COPY_LAG_MILLISECONDS = 200;
const RETRY_MINIMUM_MILLISECONDS = 5_000;
const RETRY_MAXIMUM_MILLISECONDS = 60_000;

/**
 * Says on a claim what was refused to its protection, in the refuser's words, each time it is tried again: often at first,
 * then every minute. Undefined where the error is no refusal, or where there is no claim to tell.
 */
export async function tellRefusedProtection(
  context: ControllerContext,
  key: string,
  error: unknown,
): Promise<Result | undefined> {
  const refusal = refusalOf(error);
  const claim = context.stores.claims.get(key);
  if (refusal === undefined || claim === undefined) return undefined;
  const message = `The claim is not protected: ${refusal.words}. It goes on by itself once this is mended.`;
  try {
    await showRefusal(context, key, { reason: refusal.reason, message });
  } catch (failure) {
    // The local copy lags behind what this very look has recorded.
    if (isConflict(failure)) return requeueAfter(COPY_LAG_MILLISECONDS);
    throw failure;
  }
  // Said again as long as it lasts: events are counted, and vanish after a while.
  warn(context, claim, refusal.reason, message);
  const tenth = ageMilliseconds(context, claim.metadata) / 10;
  return requeueAfter(Math.min(RETRY_MAXIMUM_MILLISECONDS, Math.max(RETRY_MINIMUM_MILLISECONDS, tenth)));
}

async function showRefusal(context: ControllerContext, key: string, explanation: Explanation): Promise<void> {
  const claim = context.stores.claims.get(key);
  const volume = context.stores.protectedVolumes.get(key);
  if (claim === undefined || volume === undefined) return;
  const verdict: ProtectionVerdict = {
    phase: 'Degraded',
    ready: false,
    stalled: true,
    ...explanation,
    telling: { when: 'never' },
  };
  await recordProtection(context, { claim, volume }, volume.status ?? {}, verdict);
}
