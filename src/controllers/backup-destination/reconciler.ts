import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { BackupDestination, BackupDestinationStatus } from '../../api/backup-destination.ts';
import { decideIdentity, type IdentityFact } from '../../domain/destination-identity.ts';
import { rfc3339 } from '../../domain/rfc3339.ts';
import type { Destination, IdentityReading } from '../../destinations/destination.ts';
import { newDestinationIdentity } from '../../destinations/identity.ts';
import { backupDestinations } from '../../kube/rebound-kinds.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import { type Standing, standingConditions } from '../conditions.ts';
import { type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';

const LOOK_AGAIN_MILLISECONDS = 60_000;
const TROUBLE_AGAIN_MILLISECONDS = 10_000;

interface Finding {
  readonly standing: Standing;
  /** Absent while nobody knows. */
  readonly identity?: string | undefined;
}

const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };

const factOf = (reading: IdentityReading): IdentityFact =>
  reading.kind === 'known' ? { kind: 'known', id: reading.identity.id } : reading;

const refused = (reason: string, message: string): Finding => ({
  standing: { ready: false, stalled: true, reason, message: `Claims wait and backups pause: ${message}.` },
});

/** Looks whether each destination answers and is the one that is meant, and gives new stores their identity. */
export class BackupDestinationReconciler {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  readonly reconcile = async (name: string): Promise<Result> => {
    const object = this.#context.stores.destinations.get(name);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return done();
    const finding = await this.#look(object);
    await this.#record(object, finding);
    return requeueAfter(finding.standing.ready ? LOOK_AGAIN_MILLISECONDS : TROUBLE_AGAIN_MILLISECONDS);
  };

  async #look(object: BackupDestination): Promise<Finding> {
    const opened = this.#context.catalog.open(object.metadata.name);
    if (!opened.ok) return refused(opened.reason, opened.message);
    const reading = factOf(await opened.destination.identity(options));
    const facts = { demanded: object.spec.identity, remembered: object.status?.identity, reading };
    const decision = decideIdentity(facts);
    switch (decision.kind) {
      case 'accept':
        return ready(decision.id);
      case 'initialize':
        return await this.#initialize(opened.destination);
      case 'refuse':
        return refused(decision.reason, decision.message);
    }
  }

  async #initialize(destination: Destination): Promise<Finding> {
    const identity = newDestinationIdentity(randomUUID(), new Date(this.#context.now()));
    const made = await destination.initialize(identity, options);
    return made.ok ? ready(made.value.identity.id) : refused(made.reason, made.message);
  }

  async #record(object: BackupDestination, { standing, identity }: Finding): Promise<void> {
    const { name, generation } = object.metadata;
    const known = identity ?? object.status?.identity;
    const status: BackupDestinationStatus = {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      reachable: standing.ready,
      ...(known === undefined ? {} : { identity: known }),
      conditions: standingConditions(object.status?.conditions, standing, generation, rfc3339(this.#context.now())),
    };
    if (isDeepStrictEqual(status, object.status)) return;
    const desired = { metadata: { name }, status };
    await this.#context.client.applyStatus(backupDestinations, desired);
    this.#context.log.info({ destination: name, reason: standing.reason }, standing.message);
  }
}

const ready = (identity: string): Finding => ({
  identity,
  standing: {
    ready: true,
    stalled: false,
    reason: 'Reachable',
    message: `The store answers and is destination ${identity}.`,
  },
});
