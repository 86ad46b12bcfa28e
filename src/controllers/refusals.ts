import { moverAdvice } from '../engines/volsync/mover-trouble.ts';
import { isKindMissing, isRefusal, type KubeError } from '../kube/client/errors.ts';

/**
 * What was refused, and why, in the refuser's own words, and what to do about it: a clause without its full stop. Absent
 * where nothing was refused.
 */
export function refusalWords(error: unknown): string | undefined {
  if (!isRefusal(error)) return undefined;
  if (isKindMissing(error)) return missingKind(error);
  const words = error.message.replaceAll(/\s+/g, ' ').replace(/\.$/, '');
  const advice = moverAdvice(words)?.replace(/\.$/, '');
  return advice === undefined ? words : `${words}. ${advice}`;
}

function missingKind({ subject }: KubeError): string {
  const what = `the cluster knows no ${subject.resource}`;
  return subject.resource.endsWith('.volsync.backube')
    ? `${what}: VolSync's CRDs are missing. Install VolSync, which moves the data`
    : `${what}: its CRD is missing. Apply Rebound's manifests again`;
}
