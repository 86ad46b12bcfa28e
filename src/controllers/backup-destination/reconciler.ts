import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { BackupDestination, BackupDestinationStatus } from '../../api/backup-destination.ts';
import { INITIALIZE_ANNOTATION } from '../../api/labels.ts';
import {
  decideIdentity,
  type IdentityDecision,
  type IdentityFact,
  type IdentityFacts,
} from '../../domain/destination-identity.ts';
import { rfc3339 } from '../../time/rfc3339.ts';
import type { Destination, IdentityReading } from '../../destinations/destination.ts';
import { isIdentityId, newDestinationIdentity } from '../../destinations/identity.ts';
import { backupDestinations } from '../../api/resource-kinds.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import { type Standing, standingConditions } from '../conditions.ts';
import { type GuardView, withGuardCondition } from '../guard-condition.ts';
import { type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS } from '../context.ts';
import { refusedPassword, withPasswordCondition } from './master-password.ts';

const LOOK_AGAIN_MILLISECONDS = 60_000;
const TROUBLE_AGAIN_MILLISECONDS = 10_000;

interface Finding {
  readonly standing: Standing;
  /** Absent while nobody knows. */
  readonly identity?: string | undefined;
  readonly initializedTime?: string | undefined;
}

const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };

type Decided = Exclude<IdentityDecision, { kind: 'survey' }>;

const factOf = (reading: IdentityReading): IdentityFact =>
  reading.kind === 'known' ? { kind: 'known', id: reading.identity.id } : reading;

/** The identity that the user's annotation names. */
function askedIdentity({ metadata }: BackupDestination): string | undefined {
  const asked = metadata.annotations?.[INITIALIZE_ANNOTATION];
  return asked !== undefined && isIdentityId(asked) ? asked : undefined;
}

const factsOf = (object: BackupDestination, reading: IdentityReading): IdentityFacts => ({
  demanded: object.spec.identity,
  remembered: object.status?.identity,
  initializeAs: askedIdentity(object),
  initializeMet: object.status?.initializeMet,
  reading: factOf(reading),
});

const createdAt = (reading: IdentityReading): string | undefined =>
  reading.kind === 'known' ? reading.identity.createdAt : undefined;

const refused = (reason: string, message: string): Finding => ({
  standing: { ready: false, stalled: true, reason, message: `Claims wait and backups pause: ${message}.` },
});

/** Looks whether each destination answers and is the one that is meant, and gives new stores their identity. */
export class BackupDestinationReconciler {
  readonly #context: ControllerContext;
  readonly #guard: GuardView;

  constructor(context: ControllerContext, guard: GuardView) {
    this.#context = context;
    this.#guard = guard;
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
    const { destination } = opened;
    const reading = await destination.identity(options);
    const decision = await this.#decide(object, destination, reading);
    switch (decision.kind) {
      case 'accept':
        return ready(decision.id, createdAt(reading));
      case 'refuse':
        return refused(decision.reason, decision.message);
      case 'initialize': {
        // One that is written back belongs to a store in use: its password stays.
        const weakness = decision.id === undefined ? refusedPassword(opened.masterPassword) : undefined;
        if (weakness !== undefined) return refused('WeakMasterPassword', weakness);
        return await this.#initialize(object, destination, decision);
      }
    }
  }

  async #decide(object: BackupDestination, destination: Destination, reading: IdentityReading): Promise<Decided> {
    const facts = factsOf(object, reading);
    const decision = decideIdentity(facts);
    if (decision.kind !== 'survey') return decision;
    const survey = await destination.survey(options);
    const content = survey.ok
      ? ({ kind: 'surveyed', ...survey.value } as const)
      : ({ ...survey, kind: 'unknown' } as const);
    const informed = decideIdentity({ ...facts, content });
    if (informed.kind === 'survey') throw new Error('a store was looked through, and nothing was decided');
    return informed;
  }

  /** Whoever else gave it an identity meanwhile is believed only as far as a store that had it before would be. */
  async #initialize(
    object: BackupDestination,
    destination: Destination,
    { id = randomUUID(), warning }: Extract<Decided, { kind: 'initialize' }>,
  ): Promise<Finding> {
    const made = await destination.initialize(newDestinationIdentity(id, new Date(this.#context.now())), options);
    if (!made.ok) return refused(made.reason, made.message);
    const { identity } = made.value;
    const decision = decideIdentity(factsOf(object, { kind: 'known', identity }));
    if (decision.kind === 'refuse') return refused(decision.reason, decision.message);
    if (warning !== undefined) {
      this.#context.events.record(object, { type: 'Warning', reason: 'IdentityWrittenBack', message: `${warning}.` });
    }
    return ready(identity.id, identity.createdAt);
  }

  async #record(object: BackupDestination, finding: Finding): Promise<void> {
    const { name, generation } = object.metadata;
    const standing = withMet(finding.standing, object);
    const identity = finding.identity ?? object.status?.identity;
    const initializedTime = finding.initializedTime ?? object.status?.initializedTime;
    const now = rfc3339(this.#context.now());
    const conditions = standingConditions(object.status?.conditions, standing, generation, now);
    const initializeMet = metBy(object, finding);
    const judged = withPasswordCondition(conditions, this.#context.catalog.open(name), now);
    const status: BackupDestinationStatus = {
      ...(generation === undefined ? {} : { observedGeneration: generation }),
      reachable: standing.ready,
      ...(identity === undefined ? {} : { identity }),
      ...(initializedTime === undefined ? {} : { initializedTime }),
      ...(initializeMet === undefined ? {} : { initializeMet }),
      ...countedBefore(object),
      conditions: withGuardCondition(judged, this.#guard, generation, now),
    };
    if (isDeepStrictEqual(status, object.status)) return;
    const desired = { metadata: { name }, status };
    await this.#context.client.applyStatus(backupDestinations, desired);
    this.#context.log.info({ destination: name, reason: standing.reason }, standing.message);
  }
}

/** Another counts the movers, and writes how many there are beside what is written here. */
const countedBefore = ({ status }: BackupDestination): Pick<BackupDestinationStatus, 'movers'> =>
  status?.movers === undefined ? {} : { movers: status.movers };

/** The annotation's value that counts no more; forgotten once the annotation is another one, or gone. */
function metBy(object: BackupDestination, { identity }: Finding): string | undefined {
  const asked = askedIdentity(object);
  return asked !== undefined && (asked === identity || asked === object.status?.initializeMet) ? asked : undefined;
}

/** A store that is ready has what the annotation asks for. */
function withMet(standing: Standing, object: BackupDestination): Standing {
  if (!standing.ready || askedIdentity(object) === undefined) return standing;
  const message = `${standing.message} Annotation ${INITIALIZE_ANNOTATION} counts no more: take it off.`;
  return { ...standing, message };
}

const ready = (identity: string, initializedTime: string | undefined): Finding => ({
  identity,
  initializedTime,
  standing: {
    ready: true,
    stalled: false,
    reason: 'Reachable',
    message: `The store answers and is destination ${identity}.`,
  },
});
