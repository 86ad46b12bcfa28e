import { BACKUP_ROLE, CLAIM_ANNOTATION, COPY_ROLE, MAINTAIN_ROLE, ROLE_LABEL } from '../api/labels.ts';
import type { KubeObject } from '../kube/model/kind.ts';

function claimOf({ metadata: { labels = {}, annotations = {} } }: KubeObject, roles: readonly string[]): string[] {
  const claim = annotations[CLAIM_ANNOTATION];
  return claim !== undefined && roles.includes(labels[ROLE_LABEL] ?? '') ? [claim] : [];
}

/** The claim that a backup run's object is for, as `namespace/name`. */
export const claimOfRun = (object: KubeObject): string[] => claimOf(object, [BACKUP_ROLE, COPY_ROLE]);

/** The claim whose repository a Job maintains, as `namespace/name`. */
export const claimOfMaintenance = (job: KubeObject): string[] => claimOf(job, [MAINTAIN_ROLE]);
