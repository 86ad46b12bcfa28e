import type { BackupPolicy } from '../../api/backup-policy.ts';
import type { VolumeRestore } from '../../api/volume-restore.ts';
import { probeElsewhere } from '../../destinations/elsewhere.ts';
import { decideElsewhere } from '../../domain/elsewhere.ts';
import { newStoreWarning } from '../../domain/new-store.ts';
import { youngTierDoubt } from '../../domain/young-tier.ts';
import { DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import { openRepository } from '../repository-access.ts';
import { type Resolution, resolveSnapshot } from './resolve.ts';
import { policyOf, type Tools } from './scene.ts';

const wait = (reason: string, message: string): Resolution => ({ kind: 'wait', reason, message });

/**
 * Asks which snapshot a restore brings back: the tier's own destination, and where that holds no backup, all others too.
 * So `none` is the word of every destination, and of a tier that is no mere stand-in.
 */
export async function resolveAnywhere(tools: Tools, restore: VolumeRestore): Promise<Resolution> {
  const policy = policyOf(tools, restore);
  if (!policy.ok) return wait(policy.reason, policy.message);
  const own = await resolveIn(tools, restore, policy.policy.spec.destination);
  return own.kind === 'none' && restore.spec.restore !== 'none'
    ? await lookElsewhere(tools, restore, policy.policy)
    : own;
}

async function resolveIn(tools: Tools, restore: VolumeRestore, destinationName: string): Promise<Resolution> {
  const claim = { namespace: restore.metadata.namespace ?? '', name: restore.spec.claimName };
  const opened = openRepository(tools.context, destinationName, claim);
  if (!opened.ok) return wait(opened.reason, opened.message);
  return await resolveSnapshot(tools.cache, opened.access, restore);
}

async function lookElsewhere(tools: Tools, restore: VolumeRestore, policy: BackupPolicy): Promise<Resolution> {
  const { stores, catalog, now } = tools.context;
  const own = policy.spec.destination;
  const sources = {
    destinations: () => stores.destinations.all(),
    openStore: (name: string) => catalog.openStore(name),
  };
  const claim = { namespace: restore.metadata.namespace ?? '', claim: restore.spec.claimName };
  const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };
  const answers = await probeElsewhere(sources, { claim, own }, options);
  const decision = decideElsewhere({ own, answers, nowMilliseconds: now() });
  switch (decision.kind) {
    case 'hold':
      return wait(decision.reason, decision.message);
    case 'restore':
      return await restoreFrom(tools, restore, decision.destination);
    case 'none':
      return believedNone(tools, policy);
  }
}

async function restoreFrom(tools: Tools, restore: VolumeRestore, destinationName: string): Promise<Resolution> {
  const there = await resolveIn(tools, restore, destinationName);
  switch (there.kind) {
    case 'snapshot':
      return { ...there, destinationName };
    case 'wait':
      return wait(
        there.reason,
        `in destination ${destinationName}, the only one that holds backups of this claim: ${there.message}`,
      );
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
