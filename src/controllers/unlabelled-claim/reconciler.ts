import { EXEMPT_REASON_ANNOTATION, MANAGED_BY, MANAGED_BY_LABEL, TIER_LABEL } from '../../api/labels.ts';
import { consultedDestinations } from '../../destinations/elsewhere.ts';
import type { ClaimKey } from '../../destinations/layout.ts';
import { INDEX_INTERVAL_MILLISECONDS, LedgerIndex } from '../../destinations/ledger-index.ts';
import { readLedger, rememberedSnapshot } from '../../destinations/ledger.ts';
import {
  forgottenLabel,
  isNewlyUnlabelled,
  type RememberedClaim,
  type UnlabelledClaim,
} from '../../domain/forgotten-label.ts';
import { isVolumeRestoreReference } from '../../domain/admission.ts';
import { ORPHAN_PATIENCE_MILLISECONDS, orphanedClaim, type WaitingClaim } from '../../domain/orphaned-claim.ts';
import { isWaitingSelector } from '../../domain/waiting-claim.ts';
import { objectKey } from '../../kube/model/kind.ts';
import type { PersistentVolumeClaim } from '../../kube/model/built-in-kinds.ts';
import type { ReadableStore } from '../../kube/cache/store.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import { claimFactsOf } from '../claim-facts.ts';
import { ageMilliseconds, type ControllerContext, DESTINATION_TIMEOUT_MILLISECONDS, warn } from '../context.ts';

const options = { timeoutMilliseconds: DESTINATION_TIMEOUT_MILLISECONDS };

/** What one destination remembers of a claim; `later`: it could not be asked, or not recently enough. */
type Memory = RememberedClaim | 'nothing' | 'later';

/**
 * Notices new claims without the label whose names are in a ledger: what was labelled by hand comes back without label
 * from its manifest, blank; and those that wait for a restore which never comes. They are told so, once; nothing about them
 * is touched or delayed.
 */
export class UnlabelledClaimReconciler {
  readonly #context: ControllerContext;
  readonly #claims: ReadableStore<PersistentVolumeClaim>;
  readonly #excludedNamespaces: readonly string[];
  readonly #index: LedgerIndex;
  /** UIDs of the claims that were told, by their keys. */
  readonly #told = new Map<string, string>();

  constructor(
    context: ControllerContext,
    claims: ReadableStore<PersistentVolumeClaim>,
    excludedNamespaces: readonly string[],
  ) {
    this.#context = context;
    this.#claims = claims;
    this.#excludedNamespaces = excludedNamespaces;
    this.#index = new LedgerIndex(context.now);
  }

  readonly reconcile = async (key: string): Promise<Result> => {
    const object = this.#claims.get(key);
    if (object === undefined || object.metadata.deletionTimestamp !== undefined) return this.#forget(key);
    const { namespace, name, uid } = object.metadata;
    if (this.#told.get(key) === uid || this.#excludedNamespaces.includes(namespace)) return done();
    if (isVolumeRestoreReference(object.spec.dataSourceRef)) return this.#lookAtWaiting(key, object);
    const claim = factsOf(object);
    if (!isNewlyUnlabelled(claim, this.#context.now())) return done();
    const memories = await this.#askAll({ namespace, claim: name }, claim.createdMilliseconds);
    const message = memories
      .flatMap((memory) => (typeof memory === 'string' ? [] : [forgottenLabel(claim, memory)]))
      .find((text) => text !== undefined);
    if (message !== undefined) {
      this.#told.set(key, uid);
      warn(this.#context, object, 'LabelMissing', message);
      return done();
    }
    return memories.includes('later') ? requeueAfter(INDEX_INTERVAL_MILLISECONDS) : done();
  };

  /** It holds nothing, so there is nothing that should have been restored into it; but it may wait in vain. */
  #lookAtWaiting(key: string, claim: PersistentVolumeClaim): Result {
    const waiting = waitingFacts(this.#context, claim);
    const message = orphanedClaim(waiting);
    if (message !== undefined) {
      this.#told.set(key, claim.metadata.uid);
      warn(this.#context, claim, 'NoRestoreComes', message);
      return done();
    }
    const leftMilliseconds = ORPHAN_PATIENCE_MILLISECONDS - waiting.ageMilliseconds;
    return waiting.isBound || leftMilliseconds <= 0 ? done() : requeueAfter(leftMilliseconds);
  }

  #forget(key: string): Result {
    this.#told.delete(key);
    return done();
  }

  async #askAll(claim: ClaimKey, sinceMilliseconds: number): Promise<Memory[]> {
    const { stores } = this.#context;
    const names = consultedDestinations(stores.destinations.all());
    return await Promise.all(names.map((name) => this.#ask(name, claim, sinceMilliseconds)));
  }

  async #ask(name: string, claim: ClaimKey, sinceMilliseconds: number): Promise<Memory> {
    const opened = this.#context.catalog.openStore(name);
    if (!opened.ok) return opened.reason === 'DestinationUnsupported' ? 'nothing' : 'later';
    const { destination } = opened;
    const listed = await this.#index.has({ name, destination }, claim, sinceMilliseconds, options);
    if (!listed.ok) return 'later';
    if (!listed.value.found) return listed.value.isRecent ? 'nothing' : 'later';
    const record = await readLedger(destination, claim, options);
    if (!record.ok) return 'later';
    const remembered = rememberedSnapshot(record.value);
    if (record.value === undefined || remembered === undefined) return 'nothing';
    return { destination: name, policy: record.value.policy, time: remembered.time };
  }
}

function waitingFacts(context: ControllerContext, claim: PersistentVolumeClaim): WaitingClaim {
  const { metadata, spec, status } = claim;
  const restoreName = spec.dataSourceRef?.name ?? '';
  const restore = context.stores.volumeRestores.get(objectKey({ namespace: metadata.namespace, name: restoreName }));
  return {
    restoreName,
    hasWaitingSelector: isWaitingSelector(claimFactsOf(claim).selector),
    isBound: status?.phase === 'Bound',
    isRestored: restore?.spec.claimUID === metadata.uid,
    ageMilliseconds: ageMilliseconds(context, metadata),
  };
}

function factsOf({ metadata }: PersistentVolumeClaim): UnlabelledClaim {
  const { labels = {}, annotations = {}, ownerReferences = [] } = metadata;
  const needsNoBackup =
    labels[TIER_LABEL] !== undefined ||
    annotations[EXEMPT_REASON_ANNOTATION] !== undefined ||
    labels[MANAGED_BY_LABEL] === MANAGED_BY ||
    labels['app.kubernetes.io/created-by'] === 'volsync' ||
    ownerReferences.some(({ kind }) => kind === 'Pod');
  return {
    namespace: metadata.namespace,
    name: metadata.name,
    createdMilliseconds: Date.parse(metadata.creationTimestamp),
    needsNoBackup,
  };
}
