import type { BackupDestination } from '../api/backup-destination.ts';
import type { ElsewhereAnswer } from '../domain/elsewhere.ts';
import type { OpenedStore, Unopened } from './catalog.ts';
import type { CallOptions, Destination } from './destination.ts';
import { repositoryPath, type ClaimKey } from './layout.ts';
import { readLedger, rememberedSnapshot, type ClaimRecord } from './ledger.ts';

/** A BackupDestination by its name; without its content where there is none that can be read. */
export interface ListedDestination {
  readonly key: string;
  readonly current: BackupDestination | undefined;
}

/** Where the other destinations are looked up, at once and without asking anybody. */
export interface ElsewhereSources {
  readonly destinations: () => readonly ListedDestination[];
  readonly openStore: (name: string) => OpenedStore | Unopened;
  /** Whether the cluster that the record names as owner is another one, and alive. */
  readonly isForeignOwnerAlive?: (record: ClaimRecord, destinationName: string) => boolean;
}

export interface ElsewhereQuestion {
  readonly claim: ClaimKey;
  /** The tier's own destination, which is not asked again. */
  readonly own: string;
}

/**
 * Asks all destinations but the tier's own whether they hold a backup of a claim, listing and ledger, all at once and
 * each within the limit. Not asked are those that never had an identity, those of a type that is not supported, and
 * those that say `consulted: false`. The answers are in the order of the names.
 */
export async function probeElsewhere(
  sources: ElsewhereSources,
  { claim, own }: ElsewhereQuestion,
  options: CallOptions,
): Promise<readonly ElsewhereAnswer[]> {
  const names = consultedDestinations(sources.destinations()).filter((name) => name !== own);
  const answers = await Promise.all(names.map((name) => askOne(sources, name, claim, options)));
  return answers.filter((answer) => answer !== undefined);
}

/**
 * The names, sorted, of the destinations that may know of claims of any tier. One that cannot be read is among them: nobody
 * knows that it does not.
 */
export const consultedDestinations = (destinations: readonly ListedDestination[]): readonly string[] =>
  destinations
    .filter(({ current }) => current === undefined || isConsulted(current))
    .map(({ key }) => key)
    .sort();

const isConsulted = ({ spec, status }: BackupDestination): boolean =>
  spec.consulted && (spec.identity ?? status?.identity) !== undefined;

async function askOne(
  sources: ElsewhereSources,
  name: string,
  claim: ClaimKey,
  options: CallOptions,
): Promise<ElsewhereAnswer | undefined> {
  const opened = sources.openStore(name);
  if (opened.ok) return await ask(opened.destination, { name, claim, isAlive: sources.isForeignOwnerAlive }, options);
  if (opened.reason === 'DestinationUnsupported' || opened.reason === 'DestinationMissing') return undefined;
  return { kind: 'unknown', destination: name, reason: opened.reason, message: opened.message };
}

interface Asked {
  readonly name: string;
  readonly claim: ClaimKey;
  readonly isAlive: ElsewhereSources['isForeignOwnerAlive'];
}

async function ask(destination: Destination, asked: Asked, options: CallOptions): Promise<ElsewhereAnswer> {
  const [probe, ledger] = await Promise.all([
    destination.probe(repositoryPath(asked.claim), options),
    readLedger(destination, asked.claim, options),
  ]);
  const unknown = (reason: string, message: string): ElsewhereAnswer => ({
    kind: 'unknown',
    destination: asked.name,
    reason,
    message,
  });
  if (probe.kind === 'unknown') return unknown(probe.reason, probe.message);
  if (!ledger.ok) return unknown(ledger.reason, ledger.message);
  const record = ledger.value;
  if (probe.kind === 'exists') {
    return {
      kind: 'exists',
      destination: asked.name,
      lastGoodBackupTime: record?.lastGoodBackup?.time,
      foreignOwnerAlive: record !== undefined && asked.isAlive?.(record, asked.name) === true,
    };
  }
  const remembered = rememberedSnapshot(record);
  if (remembered === undefined) return { kind: 'none', destination: asked.name };
  const { snapshotId, time } = remembered;
  return unknown(
    'BackupVanished',
    `the ledger remembers snapshot ${snapshotId.slice(0, 8)} of ${time}, but the repository holds none`,
  );
}
