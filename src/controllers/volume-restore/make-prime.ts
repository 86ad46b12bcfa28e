import type { VolumeRestore } from '../../api/volume-restore.ts';
import { persistentVolumeClaims, type PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import { type ControllerContext, tell } from '../context.ts';
import { buildPrimeClaim, needsMore } from './prime-claim.ts';

/** Makes the claim that gets the volume first, and says where that one is larger than the user asks for. */
export async function makePrime(
  context: ControllerContext,
  restore: VolumeRestore,
  claim: PersistentVolumeClaim,
): Promise<PersistentVolumeClaim> {
  const { client } = context;
  // The local copy keeps few annotations, and a provisioner may read any.
  const live = await client.get(persistentVolumeClaims, claim.metadata);
  const whole = live?.metadata.uid === claim.metadata.uid ? live : claim;
  const { volumeCapacityBytes: least = 0 } = restore.status ?? {};
  const prime = await client.create(persistentVolumeClaims, buildPrimeClaim(whole, restore, least));
  if (needsMore(whole, least)) {
    const asked = whole.spec.resources?.requests?.['storage'] ?? 'less';
    const message = `The claim asks for ${asked}, but its volume had ${least} bytes when it was backed up, so it gets one of that size. Set the request to it where the claim is kept.`;
    tell(context, claim, 'VolumeEnlarged', message);
  }
  return prime;
}
