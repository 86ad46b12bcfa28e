import type { BackupPolicy } from '../../api/backup-policy.ts';
import { probeElsewhere } from '../../destinations/elsewhere.ts';
import type { ClaimRecord } from '../../destinations/ledger.ts';
import { decideElsewhere } from '../../domain/elsewhere.ts';
import { newStoreWarning } from '../../domain/new-store.ts';
import { youngTierDoubt } from '../../domain/young-tier.ts';
import { DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import { openRepository } from '../../repositories/access.ts';
import { foreignOwner, heedingOwner } from './foreign-owner.ts';
import { type Resolution, resolveSnapshot } from './resolve.ts';
import { policyOf, type Scene, type Tools } from './scene.ts';

const wait = (reason: string, message: string): Resolution => ({ kind: 'wait', reason, message, isQuestion: false });

/**
 * Asks which snapshot a restore brings back: the tier's own destination, and where that holds no backup, all others too.
 * So `none` is the word of every destination, and of a tier that is no mere stand-in.
 */
export async function resolveAnywhere(tools: Tools, scene: Scene): Promise<Resolution> {
  const { restore } = scene;
  const policy = policyOf(tools, restore);
  if (!policy.ok) return wait(policy.reason, policy.message);
  const own = await resolveIn(tools, scene, policy.policy);
  return own.kind === 'none' && restore.spec.restore !== 'none'
    ? await lookElsewhere(tools, scene, policy.policy)
    : own;
}

async function resolveIn(
  tools: Tools,
  { claim }: Scene,
  { spec }: BackupPolicy,
  destinationName = spec.destination,
): Promise<Resolution> {
  const opened = openRepository(tools.context, destinationName, claim.metadata);
  if (!opened.ok) return wait(opened.reason, opened.message);
  const resolution = await resolveSnapshot(tools.cache, { claim, access: opened.access, policy: spec });
  return heedingOwner(tools.context, { destinationName, policy: spec }, resolution);
}

async function lookElsewhere(tools: Tools, scene: Scene, policy: BackupPolicy): Promise<Resolution> {
  const { stores, catalog, now } = tools.context;
  const own = policy.spec.destination;
  const sources = {
    destinations: () => stores.destinations.all(),
    openStore: (name: string) => catalog.openStore(name),
    isForeignOwnerAlive: (record: ClaimRecord, destinationName: string) =>
      foreignOwner(tools.context, { destinationName, policy: policy.spec }, record) !== undefined,
  };
  const { namespace, name } = scene.claim.metadata;
  const claim = { namespace, claim: name };
  const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };
  const answers = await probeElsewhere(sources, { claim, own }, options);
  const decision = decideElsewhere({ own, answers, nowMilliseconds: now() });
  switch (decision.kind) {
    case 'hold':
      return wait(decision.reason, decision.message);
    case 'restore':
      return await restoreFrom(tools, scene, policy, decision.destination);
    case 'none':
      return believedNone(tools, policy);
  }
}

async function restoreFrom(
  tools: Tools,
  scene: Scene,
  policy: BackupPolicy,
  destinationName: string,
): Promise<Resolution> {
  const there = await resolveIn(tools, scene, policy, destinationName);
  switch (there.kind) {
    case 'snapshot':
      return { ...there, destinationName };
    case 'wait':
      return {
        ...there,
        message: `in destination ${destinationName}, the only one that holds backups of this claim: ${there.message}`,
      };
    case 'none':
      return wait(
        'BackupVanished',
        `destination ${destinationName} held a backup of this claim a moment ago, and now says that there is none`,
      );
  }
}

function believedNone({ context: { stores, now } }: Tools, policy: BackupPolicy): Resolution {
  const doubt = youngTierDoubt(policy, stores.policies.list(), now());
  if (doubt !== undefined) return wait('YoungTier', doubt);
  const destination = stores.destinations.get(policy.spec.destination);
  const isPinned = destination?.spec.identity !== undefined;
  const { initializedTime } = destination?.status ?? {};
  return { kind: 'none', warning: newStoreWarning({ isPinned, initializedTime, nowMilliseconds: now() }) };
}
