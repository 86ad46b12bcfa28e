import { TIER_LABEL } from '../../api/labels.ts';
import type { BackupDestination } from '../../api/backup-destination.ts';
import { isVolumeRestoreReference } from '../../domain/admission.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { type Clock, sleep } from '../../time/clock.ts';
import { isKindMissing, KubeError } from '../../kube/client/errors.ts';
import { persistentVolumeClaims } from '../../kube/model/built-in-kinds.ts';
import { backupDestinations } from '../../api/resource-kinds.ts';
import { standingConditions } from '../conditions.ts';
import { type ControllerContext, warn } from '../context.ts';
import type { DefinitionWatch } from './definition-watch.ts';

const REASON = 'DefinitionsOutdated';
const TELL_AGAIN_MILLISECONDS = 30_000;

export type Teller = Pick<ControllerContext, 'client' | 'events' | 'log' | 'now'>;

/**
 * Resolves once the definitions of Rebound's kinds are those of this version. Nothing is begun before; why, is told on every waiting
 * claim and every destination, and logged, each time again for as long as it lasts.
 */
export async function awaitDefinitions(
  teller: Teller,
  watch: Pick<DefinitionWatch, 'problem' | 'good'>,
  clock: Clock,
): Promise<void> {
  for (let { problem } = watch; problem !== undefined; { problem } = watch) {
    teller.log.error({ reason: REASON }, problem);
    await tellClaims(teller, problem);
    await tellDestinations(teller, problem);
    const timer = new AbortController();
    await Promise.race([watch.good(), sleep(clock, TELL_AGAIN_MILLISECONDS, timer.signal)]);
    timer.abort();
  }
}

async function tellClaims(teller: Teller, problem: string): Promise<void> {
  await whateverComes(teller, async () => {
    const claims = await teller.client.list(persistentVolumeClaims, { labelSelector: TIER_LABEL });
    const message = `The claim waits, unbound, and no data is at risk (${REASON}): ${problem} It goes on by itself once this is mended.`;
    for (const claim of claims) {
      if (claim.status?.phase !== 'Pending' || !isVolumeRestoreReference(claim.spec.dataSourceRef)) continue;
      warn(teller, claim, 'RestoreHeld', message);
    }
  });
}

async function tellDestinations(teller: Teller, problem: string): Promise<void> {
  await whateverComes(teller, async () => {
    const message = `Claims wait, and backups run by their schedules without anybody looking after them: ${problem}`;
    for (const destination of await teller.client.list(backupDestinations)) {
      warn(teller, destination, REASON, message);
      await show(teller, destination, message);
    }
  });
}

/** Beside the conditions its status stays as it was read: other fields might be unknown to the API server. */
async function show({ client, now }: Teller, { metadata, status }: BackupDestination, message: string): Promise<void> {
  const { name, resourceVersion, generation } = metadata;
  const standing = { ready: false, stalled: true, reason: REASON, message };
  const conditions = standingConditions(status?.conditions, standing, generation, rfc3339(now()));
  await client.applyStatus(backupDestinations, {
    metadata: { name, resourceVersion },
    status: { ...status, conditions },
  });
}

/** The definitions may be missing altogether, and the rights with them: whatever else can be told is told. */
async function whateverComes({ log }: Teller, tell: () => Promise<void>): Promise<void> {
  try {
    await tell();
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    if (!isKindMissing(error)) log.warn({ err: error }, 'could not tell why nothing is begun');
  }
}
