import type { RestoreFinding } from '../../api/snapshot.ts';
import type { VolumeRestoreStatus } from '../../api/volume-restore.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { tell, warn } from '../context.ts';
import { moverUserOf } from '../mover-user.ts';
import type { RepositoryAccess } from '../../repositories/access.ts';
import { heedingOwner } from './foreign-owner.ts';
import { type Resolution, resolveSnapshot, type WaitResolution } from './resolve.ts';
import { hold, holdWith, policyOf, type Scene, short, type Stop, type Tools } from './scene.ts';

type Chosen = Extract<Resolution, { kind: 'snapshot' }>;

/** Asks the destination what is to be restored now. */
export async function resolveFor(
  tools: Tools,
  { restore, claim }: Scene,
  access: RepositoryAccess,
): Promise<Resolution> {
  const found = policyOf(tools, restore);
  if (!found.ok) return { kind: 'wait', reason: found.reason, message: found.message, isQuestion: false };
  const policy = found.policy.spec;
  const resolution = await resolveSnapshot(tools.cache, { claim, access, policy });
  const destinationName = restore.status?.destinationName ?? policy.destination;
  return heedingOwner(tools.context, { destinationName, policy }, resolution);
}

/** What is recorded of a chosen snapshot, or why the claim waits. */
export async function statusOfChoice(
  tools: Tools,
  scene: Scene,
  { snapshot, record, note }: Chosen,
): Promise<
  Stop | { readonly status: Pick<VolumeRestoreStatus, 'snapshot' | 'moverUser' | 'volumeCapacityBytes' | 'finding'> }
> {
  const choice = moverUserOf(tools.context.stores, scene.claim, scene.restore.status?.moverUser ?? record?.mover);
  if (!choice.ok) return await hold(tools, scene, 'MalformedMoverUser', choice.message);
  const { message = '', newerId } = note ?? {};
  const finding =
    note?.kind === 'OlderRestored'
      ? findingOf(tools, scene, { kind: note.kind, restoredId: snapshot.id, newerId, message })
      : undefined;
  const volumeCapacityBytes = record?.volumeCapacityBytes ?? scene.restore.status?.volumeCapacityBytes;
  return { status: { snapshot, moverUser: choice.user, volumeCapacityBytes, finding } };
}

/** The finding with its time: the one that it was first found at. */
function findingOf(tools: Tools, { restore }: Scene, found: Omit<RestoreFinding, 'time'>): RestoreFinding {
  const before = restore.status?.finding;
  const isSame = before?.kind === found.kind && before.message === found.message;
  const { newerId, ...rest } = found;
  return {
    ...rest,
    ...(newerId === undefined ? {} : { newerId }),
    time: isSame ? before.time : rfc3339(tools.context.now()),
  };
}

export function restoringMessage({ snapshot, destinationName }: Chosen): string {
  const from = destinationName === undefined ? '' : ` from BackupDestination ${destinationName}`;
  return `Restoring snapshot ${short(snapshot)}${from} into the claim.`;
}

/**
 * Tells the claim what it gets, and what about it is not as one would expect; what a person has to answer stands in the finding,
 * and is told by the claim's protection.
 */
export function announceChoice(tools: Tools, { claim }: Scene, chosen: Chosen): void {
  const { note } = chosen;
  const message = restoringMessage(chosen);
  switch (note?.kind) {
    case undefined:
    case 'OlderRestored': {
      tell(tools.context, claim, 'Restoring', message);
      return;
    }
    case 'notice': {
      tell(tools.context, claim, 'Restoring', `${message} ${note.message}`);
      return;
    }
    case 'warning': {
      warn(tools.context, claim, 'Restoring', `${message} ${note.message}`);
      return;
    }
  }
}

/** Lets the claim wait: for the store, or for a person, whose answer is then asked for in a finding. */
export async function holdResolution(tools: Tools, scene: Scene, resolution: WaitResolution): Promise<Stop> {
  const { reason, message, newerId, isQuestion } = resolution;
  if (!isQuestion) return await hold(tools, scene, reason, message);
  const finding = findingOf(tools, scene, { kind: 'Held', newerId, message });
  return await holdWith(tools, scene, { reason, why: message, finding });
}
