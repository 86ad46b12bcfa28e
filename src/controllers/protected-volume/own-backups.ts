import { TAKE_OVER_ANNOTATION } from '../../api/labels.ts';
import type { ProtectedVolumeStatus } from '../../api/protected-volume.ts';
import { decideOwnership, type OwnershipFacts, unansweredTakeOver } from '../../domain/ownership.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import { intervalSeconds } from '../../domain/schedule.ts';
import { type ClaimRecord, readLedger, writeLedger } from '../../destinations/ledger.ts';
import type { Failure } from '../../destinations/outcome.ts';
import { type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS, tell } from '../context.ts';
import type { BackupScene } from './backup.ts';
import { CERTAINLY_ANOTHER } from './engine-backup.ts';

/** Who writes a claim's backups, and in which destination that was read. */
export type OwnedStatus = Pick<ProtectedVolumeStatus, 'owner' | 'destinationId'>;

/** Whose the backups of a claim are. */
export type BackupOwnership =
  | {
      readonly kind: 'ours';
      readonly status: OwnedStatus;
      /** What the ledger said; absent where it has no record, and where it had not to be asked. */
      readonly record?: ClaimRecord | undefined;
    }
  /** Another cluster, which lives, writes them: this one must not. */
  | { readonly kind: 'foreign'; readonly owner: string; readonly message: string }
  /** Nothing is begun, and nothing is stopped. */
  | { readonly kind: 'unknown'; readonly message: string }
  /** This cluster can't show that it lives, so that another may take over at any time: its schedule rests. */
  | { readonly kind: 'silenced'; readonly message: string }
  /** The same as unknown, for a moment: the controller has just begun. */
  | { readonly kind: 'pending' };

const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };

/**
 * Makes sure that this cluster is the one that writes a claim's backups, before it does. What the ledger says is looked at until
 * it names this cluster, and when a user asks to take over; from then on whatever records a run notices that another has taken over.
 * Each destination has a ledger of its own, so it is looked at again when the tier names another one.
 */
export async function ownBackups(context: ControllerContext, scene: BackupScene): Promise<BackupOwnership> {
  const { presence, now } = context;
  const permission = presence.mayBackUp(scene.policy.spec.destination, now());
  const isAsked = takeOverOf(scene) !== undefined;
  if (isKnownOurs(context, scene) && !(isAsked && permission.kind === 'granted')) {
    return permission.kind === 'refused' ? { kind: 'silenced', message: permission.message } : ours(context, scene);
  }
  if (permission.kind === 'granted') return await askLedger(context, scene);
  return permission.message === undefined ? { kind: 'pending' } : { kind: 'unknown', message: permission.message };
}

/** Whether the ledger of the very destination named this cluster when it was last looked at. */
function isKnownOurs(context: ControllerContext, scene: BackupScene): boolean {
  const { owner, destinationId } = scene.before ?? {};
  return (
    owner === context.clusterUid && destinationId !== undefined && destinationId === destinationIdOf(context, scene)
  );
}

/** The identity of the destination that the tier names; undefined where it is neither set nor was seen yet. */
export function destinationIdOf(
  { stores }: ControllerContext,
  { policy }: Pick<BackupScene, 'policy'>,
): string | undefined {
  const destination = stores.destinations.get(policy.spec.destination);
  return destination?.spec.identity ?? destination?.status?.identity;
}

/** From whom the claim's user wants this cluster to take over now. */
const takeOverOf = ({ protection, before }: BackupScene): string | undefined =>
  unansweredTakeOver({
    asked: protection.claim.metadata.annotations?.[TAKE_OVER_ANNOTATION],
    answered: before?.answeredTakeOver,
  });

async function askLedger(context: ControllerContext, scene: BackupScene): Promise<BackupOwnership> {
  const { namespace, name } = scene.protection.claim.metadata;
  const ledger = await readLedger(scene.access.destination, { namespace, claim: name }, options);
  // A record that can't be understood names nobody, and is replaced by the next good backup.
  if (!ledger.ok && ledger.reason !== 'InvalidRecord') return unread(context, scene, ledger);
  const record = ledger.ok ? ledger.value : undefined;
  const ownership = decideOwnership(factsOf(context, scene, record));
  switch (ownership.kind) {
    case 'ours':
      return record === undefined || isHeld(record) ? ours(context, scene, record) : await sign(context, scene, record);
    case 'foreign':
      return ownership;
    case 'takeOver':
      return record === undefined ? ours(context, scene) : await takeOver(context, scene, record, ownership.message);
  }
}

/** Where the tier's destination certainly is not the store that is meant, what was ours stays ours, and its schedule is paused. */
const unread = ({ clusterUid }: ControllerContext, { before }: BackupScene, ledger: Failure): BackupOwnership =>
  before?.owner === clusterUid && CERTAINLY_ANOTHER.has(ledger.reason)
    ? { kind: 'ours', status: { owner: clusterUid } }
    : { kind: 'unknown', message: ledger.message };

/** Whether a record says for all others to see that somebody writes the claim's backups. */
const isHeld = ({ owner }: ClaimRecord): boolean => owner !== undefined && owner.releasedAt === undefined;

function ours(context: ControllerContext, scene: Pick<BackupScene, 'policy'>, record?: ClaimRecord): BackupOwnership {
  const destinationId = destinationIdOf(context, scene);
  const status = { owner: context.clusterUid, ...(destinationId === undefined ? {} : { destinationId }) };
  return { kind: 'ours', status, record };
}

function factsOf(
  { clusterUid, presence, now }: ControllerContext,
  scene: BackupScene,
  record: ClaimRecord | undefined,
): OwnershipFacts {
  const { policy } = scene;
  const owner = record?.owner;
  const lastGood = record?.lastGoodBackup;
  return {
    clusterUid,
    owner,
    signOfLife:
      owner === undefined ? { kind: 'absent' } : presence.signOfLife(policy.spec.destination, owner.clusterUid, now()),
    lastGoodAgeMilliseconds: lastGood === undefined ? undefined : now() - Date.parse(lastGood.time),
    ownedMilliseconds: owner === undefined ? undefined : now() - Date.parse(owner.since),
    intervalMilliseconds: 1000 * (record?.intervalSeconds ?? intervalSeconds(policy.spec.schedule)),
    takeOver: takeOverOf(scene),
  };
}

/** From here on what the former owner writes is nobody's: it is not vouched for by anything. */
async function takeOver(
  context: ControllerContext,
  scene: BackupScene,
  record: ClaimRecord,
  why: string,
): Promise<BackupOwnership> {
  const taken = await sign(context, scene, record);
  if (taken.kind !== 'ours') return taken;
  tell(
    context,
    scene.protection.claim,
    'BackupsTakenOver',
    `This cluster writes the backups of this claim from now on: ${why}.`,
  );
  return taken;
}

/** Before anything is begun the record names this cluster: one that has given the claim up and has it again names it anew. */
async function sign(
  context: ControllerContext,
  scene: Pick<BackupScene, 'access' | 'policy'>,
  record: ClaimRecord,
): Promise<BackupOwnership> {
  const { clusterUid, now } = context;
  const time = rfc3339(now());
  const signed = { ...record, owner: { clusterUid, since: time }, recordedAt: time };
  const written = await writeLedger(scene.access.destination, signed, options);
  return written.ok ? ours(context, scene, signed) : { kind: 'unknown', message: written.message };
}
