import { moverAdvice } from '../engines/volsync/mover-trouble.ts';
import { isKindMissing, isRefusal, type KubeError } from '../kube/client/errors.ts';
import { ENGINE_MISSING } from './missing-engine.ts';

/** A refusal, for users: one word, and a clause without its full stop. */
export interface Refusal {
  readonly reason: 'Refused' | typeof ENGINE_MISSING;
  readonly words: string;
}

/**
 * What was refused, and why, in the refuser's own words, and what to do about it. Absent where nothing was refused.
 */
export function refusalOf(error: unknown): Refusal | undefined {
  if (!isRefusal(error)) return undefined;
  if (isKindMissing(error)) return missingKind(error);
  const words = error.message.replaceAll(/\s+/g, ' ').replace(/\.$/, '');
  const advice = moverAdvice(words)?.replace(/\.$/, '');
  return { reason: 'Refused', words: advice === undefined ? words : `${words}. ${advice}` };
}

function missingKind({ subject }: KubeError): Refusal {
  const what = `the cluster knows no ${subject.resource}`;
  return subject.resource.endsWith('.volsync.backube')
    ? {
        reason: ENGINE_MISSING,
        words: `${what}: VolSync's CRDs are missing. Install VolSync, which this claim's data was to be moved by`,
      }
    : { reason: 'Refused', words: `${what}: its CRD is missing. ${adviceOn(subject.resource)}` };
}

const adviceOn = (resource: string): string =>
  resource.endsWith('.snapshot.storage.k8s.io')
    ? 'Install the CRDs of external-snapshotter, and its snapshot-controller'
    : "Apply Rebound's manifests again";
