import { CLAIM_UID_LABEL } from '../../src/api/labels.ts';
import { rfc3339 } from '../../src/time/rfc3339.ts';
import { persistentVolumeClaims } from '../../src/kube/model/built-in-kinds.ts';
import { volumeRestores } from '../../src/api/resource-kinds.ts';
import {
  acceptRestore,
  answerHold,
  bindElsewhere,
  deleteAttempts,
  handOutNewVolumes,
  handOutUsedVolumes,
  loseVolume,
  offerVolume,
  refuseWrites,
  takeWrites,
} from './others-acts.ts';
import { weighted } from './weighted.ts';
import type { World } from './world.ts';

const SECOND_MILLISECONDS = 1_000;

/** What people and other programs do, how often compared with each other, and how. */
const acts = {
  createClaim: [1, (world: World) => createAnew(world)],
  createBlank: [1, (world: World) => createAnew(world, 'none')],
  createOldest: [1, (world: World) => createAnew(world, oldestOf(world))],
  createAsOf: [1, (world: World) => createAnew(world, timeOfOldest(world))],
  deleteClaim: [1, (world: World) => world.deleteClaim()],
  recreateClaim: [2, (world: World) => world.recreateClaim()],
  recreateBlank: [1, (world: World) => world.recreateClaim('none')],
  recreateOldest: [1, (world: World) => world.recreateClaim(oldestOf(world))],
  recreateAsOf: [1, (world: World) => world.recreateClaim(timeOfOldest(world))],
  recreateLate: [1, recreateLate],
  deletePrime: [2, deletePrimes],
  deleteRestore: [1, deleteRestores],
  deleteAttempt: [1, deleteAttempts],
  removeLabel: [1, (world: World) => world.setLabel(undefined)],
  addLabel: [1, (world: World) => world.setLabel('hourly')],
  scaleUp: [3, (world: World) => world.scale(1)],
  scaleDown: [1, (world: World) => world.scale(0)],
  grow: [2, grow],
  wipe: [2, (world: World) => world.write((content) => ({ ...content, files: 2, sizeBytes: 10 }))],
  acceptCollapse: [1, acceptCollapse],
  bindElsewhere: [2, bindElsewhere],
  loseSnapshots: [1, (world: World) => world.truth.lose()],
  loseVolume: [1, loseVolume],
  leaveLock: [1, (world: World) => world.destination.restic.addLock(world.now(), true)],
  leaveSharedLock: [1, (world: World) => world.destination.restic.addLock(world.now(), false)],
  offerVolume: [1, (world: World) => offerVolume(world, 'Delete')],
  offerRecycledVolume: [1, (world: World) => offerVolume(world, 'Recycle')],
  handOutUsedVolumes: [1, handOutUsedVolumes],
  handOutNewVolumes: [1, handOutNewVolumes],
  answerHold: [1, answerHold],
  askNewest: [1, (world: World) => ask(world, 'newest')],
  askOldest: [1, (world: World) => ask(world, oldestOf(world))],
  askAsOf: [1, (world: World) => ask(world, timeOfOldest(world))],
  askNone: [1, (world: World) => ask(world, 'none')],
  acceptRestore: [1, acceptRestore],
  quota: [1, refuseWrites],
  noQuota: [1, takeWrites],
} satisfies Readonly<Record<string, readonly [number, (world: World) => unknown]>>;

export type UserAct = keyof typeof acts;

/** Each as often as it happens. */
export const userActs = weighted(acts);

export function actAsUser(world: World, act: UserAct): void {
  acts[act][1](world);
}

function createAnew(world: World, request?: string): void {
  if (world.claim === undefined) world.createClaim(world.admitted(request), request);
}

/** As where the cluster is rebuilt, and the application comes before Rebound does. */
function recreateLate(world: World): void {
  world.recreateAs(() => 'late');
}

/** The id of the oldest snapshot; what nobody has if there is none. */
const oldestOf = ({ truth }: World): string => (truth.snapshots[0]?.id ?? '0123456789abcdef').slice(0, 12);

/** A time at which only the oldest snapshot was there; now if there is none. */
const timeOfOldest = ({ truth, now }: World): string =>
  rfc3339((truth.snapshots[0]?.timeMilliseconds ?? now()) + SECOND_MILLISECONDS);

function ask(world: World, request: string): void {
  if (world.claim !== undefined) world.ask(request);
}

function deletePrimes({ server }: World): void {
  for (const { metadata } of server.list(persistentVolumeClaims)) {
    if (metadata.labels?.[CLAIM_UID_LABEL] !== undefined) server.delete(persistentVolumeClaims, metadata);
  }
}

function deleteRestores({ server }: World): void {
  for (const { metadata } of server.list(volumeRestores)) server.delete(volumeRestores, metadata);
}

function grow(world: World): void {
  world.write((content) => ({
    ...content,
    files: content.files + 20,
    sizeBytes: content.sizeBytes * 2 + 5_000_000,
  }));
}

function acceptCollapse(world: World): void {
  const newest = world.truth.newest?.id;
  if (newest !== undefined) world.acceptCollapse(newest);
}
