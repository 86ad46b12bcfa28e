import { defaultPolicies } from '../../api/default-policies.ts';
import { isAlreadyExists } from '../../kube/client/errors.ts';
import { backupPolicies } from '../../api/resource-kinds.ts';
import type { ControllerContext } from '../context.ts';

/** Makes the tiers that ship where there is no BackupPolicy at all. Whoever removes or edits one keeps it so. */
export async function ensureDefaultPolicies(context: ControllerContext): Promise<void> {
  const existing = await context.client.list(backupPolicies);
  if (existing.length > 0) return;
  for (const { name, spec } of defaultPolicies) {
    const desired = { metadata: { name }, spec };
    try {
      await context.client.create(backupPolicies, desired);
      context.log.info({ policy: name }, 'made a tier that ships');
    } catch (error) {
      if (!isAlreadyExists(error)) throw error;
    }
  }
}
