import { isDeepStrictEqual } from 'node:util';
import type { MaintenanceStatus } from '../../api/maintenance.ts';
import type { ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import { protectedVolumes } from '../../api/resource-kinds.ts';
import { isRetentionNews, viewRetention } from '../../domain/retention/retention-view.ts';
import { setCondition } from '../../kube/model/conditions.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { type ControllerContext, warn } from '../context.ts';
import { type Subject, untilDueMilliseconds } from './subject.ts';

/** Type of the condition. */
const RETENTION_APPLIED = 'RetentionApplied';

/**
 * Records how a claim's repository is kept, and warns of what a person may have to mend.
 *
 * @throws a conflict when the volume given is not the present one.
 */
export async function recordMaintenance(
  context: ControllerContext,
  subject: Subject,
  maintenance: MaintenanceStatus,
): Promise<void> {
  const { claim, status, tier } = subject;
  const now = context.now();
  const nextTry = rfc3339(now + Math.max(0, untilDueMilliseconds(context, subject, maintenance)));
  const view = viewRetention(maintenance, tier, nextTry);
  const condition = { type: RETENTION_APPLIED, ...view };
  const conditions = setCondition(status.conditions ?? [], condition, rfc3339(now));
  await write(context, subject, { ...status, maintenance, conditions });
  if (isRetentionNews(status.maintenance ?? {}, maintenance)) warn(context, claim, view.reason, view.message);
}

/** Of a claim whose repository the engine keeps, nothing is said. */
export async function forgetMaintenance(context: ControllerContext, subject: Subject): Promise<void> {
  const { maintenance: _former, conditions = [], ...others } = subject.status;
  await write(context, subject, { ...others, conditions: conditions.filter(({ type }) => type !== RETENTION_APPLIED) });
}

async function write(
  { client }: ControllerContext,
  { volume, status: before }: Subject,
  status: ProtectedVolumeStatus,
): Promise<void> {
  if (isDeepStrictEqual(status, before)) return;
  const { name, namespace, resourceVersion } = volume.metadata;
  await client.applyStatus(protectedVolumes, { metadata: { name, namespace, resourceVersion }, status });
}
