import { isDeepStrictEqual } from 'node:util';
import type { Condition } from '../../kube/model/crd-schema.ts';
import type { ProtectedVolume, ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import type { ProtectionVerdict } from '../../domain/protection.ts';
import { isNews } from '../../domain/telling.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { protectedVolumes } from '../../api/resource-kinds.ts';
import { standingConditions, withFinding } from '../conditions.ts';
import { type ControllerContext, tell, warn } from '../context.ts';

/** Tells the claim what is news since the verdict that was recorded before. */
function announce(
  context: ControllerContext,
  claim: PersistentVolumeClaim,
  before: Condition | undefined,
  verdict: ProtectionVerdict,
): void {
  if (!isNews(before, verdict, verdict.telling)) return;
  if (verdict.stalled) warn(context, claim, verdict.reason, verdict.message);
  else tell(context, claim, verdict.reason, verdict.message);
}

/**
 * Writes a claim's protection status if it changed.
 *
 * @throws a conflict when the volume given is not the present one: what was recorded since must not be undone.
 */
export async function recordProtection(
  context: ControllerContext,
  { claim, volume }: { readonly claim: PersistentVolumeClaim; readonly volume: ProtectedVolume },
  status: ProtectedVolumeStatus,
  verdict: ProtectionVerdict,
): Promise<void> {
  const before = status.conditions ?? [];
  const { generation } = volume.metadata;
  const now = rfc3339(context.now());
  const standing = standingConditions(before, verdict, generation, now);
  const conditions = withFinding(standing, status.restoreFinding, generation, now);
  const next: ProtectedVolumeStatus = { ...status, phase: verdict.phase, conditions };
  if (isDeepStrictEqual(next, volume.status)) return;
  const { name, namespace, resourceVersion } = volume.metadata;
  const desired = { metadata: { name, namespace, resourceVersion }, status: next };
  await context.client.applyStatus(protectedVolumes, desired);
  announce(
    context,
    claim,
    before.find((one) => one.type === 'Ready'),
    verdict,
  );
}
