import type { BackupPolicy } from '../../api/backup-policy.ts';
import { ACCEPT_REMOVAL_ANNOTATION, MAINTAIN_NOW_ANNOTATION, TIER_LABEL } from '../../api/labels.ts';
import type { MaintenanceStatus } from '../../api/maintenance.ts';
import type { ProtectedVolume, ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import { untilMaintenanceMilliseconds } from '../../domain/retention/maintenance-time.ts';
import { isRemovalAccepted } from '../../domain/retention/removal-answer.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import type { ControllerContext } from '../context.ts';
import type { Stores } from '../stores.ts';

/** A claim that lives and is backed up, and how its repository is kept. */
export interface Subject {
  readonly claim: PersistentVolumeClaim;
  readonly volume: ProtectedVolume;
  /** It speaks of this very claim. */
  readonly status: ProtectedVolumeStatus;
  readonly tier: string;
  readonly policy: BackupPolicy;
}

/** Undefined for a claim that is gone, is going, or has no tier; nothing of such a one is ever removed. */
export function subjectOf({ claims, protectedVolumes, policies }: Stores, key: string): Subject | undefined {
  const [claim, volume] = [claims.get(key), protectedVolumes.get(key)];
  const tier = claim?.metadata.labels?.[TIER_LABEL] ?? '';
  const policy = policies.get(tier);
  if (claim === undefined || volume?.status === undefined || policy === undefined) return undefined;
  const isGoing = [claim, volume].some(({ metadata }) => metadata.deletionTimestamp !== undefined);
  const { status } = volume;
  if (isGoing || status.claimUID !== claim.metadata.uid || volume.spec.policyName !== tier) return undefined;
  return { claim, volume, status, tier, policy };
}

/** The rules of the tier, as they are compared and remembered. */
export const rulesOf = ({ policy }: Pick<Subject, 'policy'>): string => {
  const { last, hourly, daily, weekly, monthly, yearly } = policy.spec.retention;
  return JSON.stringify({ last, hourly, daily, weekly, monthly, yearly });
};

/** Value of rebound.dev/maintain-now. */
export const requestOf = ({ claim }: Pick<Subject, 'claim'>): string | undefined =>
  claim.metadata.annotations?.[MAINTAIN_NOW_ANNOTATION];

/** Whether the user has answered the removal that waits. */
export const isAnswered = (subject: Subject, nowMilliseconds: number): boolean =>
  isRemovalAccepted(
    subject.status.maintenance?.held,
    rulesOf(subject),
    subject.claim.metadata.annotations?.[ACCEPT_REMOVAL_ANNOTATION],
    nowMilliseconds,
  );

/** Milliseconds until the repository is due, as things stand in `maintenance`. */
export function untilDueMilliseconds(
  { now }: Pick<ControllerContext, 'now'>,
  subject: Subject,
  maintenance: MaintenanceStatus = subject.status.maintenance ?? {},
): number {
  const { claim, volume, policy } = subject;
  const { time, failure, request } = maintenance;
  return untilMaintenanceMilliseconds({
    schedule: policy.spec.schedule,
    namespace: claim.metadata.namespace,
    claim: claim.metadata.name,
    sinceMilliseconds: Date.parse(time ?? volume.metadata.creationTimestamp ?? ''),
    lastFailure: failure,
    asked: requestOf(subject),
    carriedOut: request,
    nowMilliseconds: now(),
  });
}
