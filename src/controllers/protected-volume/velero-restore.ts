import { z } from 'zod';
import { objectMetadata } from '../../kube/model/crd-schema.ts';
import { veleroRestoreName } from '../../domain/unrestored-claims.ts';
import { isKindMissing, isNotFound } from '../../kube/client/errors.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import type { ResourceKind } from '../../kube/model/kind.ts';
import { claimFactsOf } from '../claim-facts.ts';
import type { ControllerContext } from '../context.ts';

const veleroRestore = z.object({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: objectMetadata,
  status: z.object({ phase: z.string().optional() }).optional(),
});

/** Velero's Restore, as far as it tells whether it has ended (velero-io/velero, pkg/apis/velero/v1/restore_types.go, v1.18). */
export const veleroRestores: ResourceKind<z.infer<typeof veleroRestore>> = {
  group: 'velero.io',
  version: 'v1',
  plural: 'restores',
  kind: 'Restore',
  namespaced: true,
  parse: (value) => veleroRestore.parse(value),
};

/** Phases of a Restore that does nothing more. Any other, new ones of later versions among them, may still write. */
const ENDED_PHASES: readonly string[] = ['Completed', 'PartiallyFailed', 'Failed', 'FailedValidation'];

/** How often a Restore that has not ended is looked at. */
export const VELERO_LOOK_MILLISECONDS = 30_000;

/**
 * Name of the Velero Restore that still fills a claim; undefined when none does. Velero may live
 * in any namespace; a Restore that is gone, or a cluster that does not know the kind any more, fills nothing.
 */
export async function veleroRestoreUnderWay(
  { client }: ControllerContext,
  claim: PersistentVolumeClaim,
): Promise<string | undefined> {
  const name = veleroRestoreName(claimFactsOf(claim));
  if (name === undefined) return undefined;
  try {
    const found = await client.list(veleroRestores, { fieldSelector: `metadata.name=${name}` });
    const isUnderWay = found.some(
      ({ metadata, status }) => metadata.name === name && !ENDED_PHASES.includes(status?.phase ?? ''),
    );
    return isUnderWay ? name : undefined;
  } catch (error) {
    if (isKindMissing(error) || isNotFound(error)) return undefined;
    throw error;
  }
}
