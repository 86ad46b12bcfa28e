import { backupDestinations, backupPolicies } from '../../../src/api/resource-kinds.ts';
import { IDENTITY } from '#doubles/destinations/destination-double.ts';
import { childOf } from '#doubles/kube/json.ts';
import type { Site } from '#doubles/volsync/volsync.ts';
import { remember } from '../past.ts';
import { CLAIM, NAMESPACE, World, type WorldOptions } from '../world.ts';
import { claimRecordKey } from '../../../src/destinations/layout.ts';
import { parseClaimRecord, type ClaimRecord } from '../../../src/destinations/ledger.ts';

export const placeNames = ['default', 'moved', 'archive'] as const;
export type PlaceName = (typeof placeNames)[number];

const identities: Readonly<Record<PlaceName, string>> = {
  default: IDENTITY,
  moved: '00000000-0000-4000-8000-000000000007',
  archive: '00000000-0000-4000-8000-000000000008',
};

/** How a destination stands before anything happens. */
export interface PlaceBeginning {
  /** How old its backups of the claim are, in hours. */
  readonly agesHours: readonly number[];
  /** Whether its ledger knows them. */
  readonly isRemembered: boolean;
  /** Whether its identity is set by its user, or was seen by Rebound. */
  readonly isPinned: boolean;
  readonly consulted: boolean;
}

/** A destination of the cluster, and what its store truly holds. */
export interface Place extends Site {
  readonly name: PlaceName;
}

const KEY = { namespace: NAMESPACE, claim: CLAIM };
const HOUR_MILLISECONDS = 3_600_000;

/** A cluster with one claim and several destinations, one of which its tier names. */
export class Places {
  readonly world: World;
  readonly all: readonly Place[];
  #filesWritten = 40;

  constructor(options: WorldOptions, beginnings: Readonly<Record<PlaceName, PlaceBeginning | undefined>>) {
    const world = new World(options);
    this.world = world;
    this.all = placeNames.flatMap((name) => {
      const beginning = beginnings[name];
      if (beginning === undefined) return [];
      const site = name === 'default' ? world : world.addSite(`${name}-bucket`, identities[name]);
      if (name !== 'default') this.#create(name);
      this.#describe(name, beginning);
      const place = { name, truth: site.truth, destination: site.destination };
      for (const age of beginning.agesHours.toSorted((a, b) => b - a)) this.#saveAged(place, age);
      if (beginning.isRemembered && beginning.agesHours.length > 0) this.remember(place);
      return [place];
    });
  }

  #create(name: PlaceName): void {
    this.world.server.create(backupDestinations, {
      metadata: { name },
      spec: {
        s3: { bucket: `${name}-bucket`, endpoint: 'http://s3.example', credentialsSecretName: 'keys' },
        repositoryPasswordSecretName: 'master',
      },
    });
  }

  #describe(name: PlaceName, { isPinned, consulted }: PlaceBeginning): void {
    this.world.server.change(backupDestinations, { name }, (object) => {
      const spec = childOf(object, 'spec');
      spec['consulted'] = consulted;
      if (isPinned) spec['identity'] = identities[name];
      else Reflect.deleteProperty(spec, 'identity');
      childOf(object, 'status')['identity'] = identities[name];
    });
  }

  #saveAged({ truth }: Place, ageHours: number): void {
    this.#filesWritten += 1;
    const content = { files: this.#filesWritten, sizeBytes: 8_000_000, complete: true };
    truth.save(content, this.world.now() - ageHours * HOUR_MILLISECONDS);
  }

  /** The ledger of a destination calls all good that is there. */
  remember({ truth, destination }: Place): void {
    remember({ truth, destination, now: this.world.now });
  }

  /** The application writes: its volume holds more than any has held before. */
  write(): void {
    this.#filesWritten += 1;
    const files = this.#filesWritten;
    this.world.write((content) => ({ ...content, files, sizeBytes: 8_000_000, complete: true }));
  }

  setConsulted({ name }: Place, consulted: boolean): void {
    this.world.server.change(backupDestinations, { name }, (object) => {
      childOf(object, 'spec')['consulted'] = consulted;
    });
  }

  isConsulted({ name }: Place): boolean {
    return this.world.server.get(backupDestinations, { name })?.spec.consulted !== false;
  }

  /** The tier's own destination is another one from now on. */
  moveTier({ name }: Place): void {
    this.world.server.change(backupPolicies, { name: 'hourly' }, (object) => {
      childOf(object, 'spec')['destination'] = name;
    });
  }

  /** The one that the tier names. */
  get own(): Place {
    const name = this.world.server.get(backupPolicies, { name: 'hourly' })?.spec.destination;
    const own = this.all.find((place) => place.name === name);
    if (own === undefined) throw new Error(`the tier names ${name}, which is not there`);
    return own;
  }

  /** What the ledger of a destination truly says of the claim. */
  recordOf({ destination }: Place): ClaimRecord | undefined {
    const bytes = destination.restic.store.objects.get(claimRecordKey(KEY));
    const record = bytes === undefined ? undefined : parseClaimRecord(KEY, bytes);
    if (record?.ok === false) throw new Error(record.message);
    return record?.value;
  }

  /** Whether a destination holds a backup of the claim, or remembers one. */
  isHolding(place: Place): boolean {
    return place.truth.newest !== undefined || this.recordOf(place)?.lastGoodBackup !== undefined;
  }
}
