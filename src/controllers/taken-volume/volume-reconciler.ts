import { isMadeForItsClaim, isOffered } from '../../domain/fillable-volume.ts';
import { FORMER_POLICY_ANNOTATION, nextReturnStep, type QuestionedVolume } from '../../domain/letting-go.ts';
import { isCopyClaimName, isPrimeClaimName } from '../../domain/object-names.ts';
import { persistentVolumeClaims, persistentVolumes, type PersistentVolume } from '../../kube/model/built-in-kinds.ts';
import { done, requeueAfter, type Result } from '../../runtime/result.ts';
import type { ControllerContext } from '../context.ts';
import { forgoFiles, keepFiles, letGo, RELEASE_LOOK_MILLISECONDS } from '../let-go.ts';
import { whileItLasts } from './while-it-lasts.ts';

/** Whether something may be owed to a volume: see {@link nextReturnStep}. */
export function isQuestionable({ metadata: { annotations = {} }, spec: { claimRef } }: PersistentVolume): boolean {
  if (isMadeForItsClaim(annotations)) return false;
  return isOurs(claimRef?.name ?? '') || FORMER_POLICY_ANNOTATION in annotations;
}

/** Whether a claim of that name is one of ours that is to get a new volume: a prime claim, or that of a copy. */
const isOurs = (claimName: string): boolean => isPrimeClaimName(claimName) || isCopyClaimName(claimName);

/**
 * Invariant 12: keeps the files of volumes that were there before and that prime claims took, and gives such volumes back,
 * whatever has become of the restore and of the process that began to.
 */
export class TakenVolumeReconciler {
  readonly #context: ControllerContext;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  /** @param name of the PersistentVolume. */
  readonly reconcile = async (name: string): Promise<Result> => {
    const known = this.#context.stores.volumes.get(name);
    if (known === undefined || !isQuestionable(known)) return done();
    return await whileItLasts(() => this.#returnVolume(name));
  };

  async #returnVolume(name: string): Promise<Result> {
    const { client } = this.#context;
    const volume = await client.get(persistentVolumes, { name });
    if (volume === undefined) return done();
    switch (nextReturnStep(await this.#factsOf(volume))) {
      case 'nothing':
        break;
      case 'keepFiles':
        await keepFiles(client, volume);
        break;
      case 'givePolicyBack':
        await forgoFiles(client, volume);
        break;
      case 'letGo': {
        const { name: primeName = '', namespace, uid = '' } = volume.spec.claimRef ?? {};
        const isFree = await letGo(client, volume, { name: primeName, namespace, uid });
        return isFree ? done() : requeueAfter(RELEASE_LOOK_MILLISECONDS);
      }
    }
    return done();
  }

  async #factsOf(volume: PersistentVolume): Promise<QuestionedVolume> {
    const { annotations = {} } = volume.metadata;
    return {
      isMade: isMadeForItsClaim(annotations),
      isOffered: isOffered(annotations),
      isKept: FORMER_POLICY_ANNOTATION in annotations,
      prime: await this.#primeOf(volume),
    };
  }

  async #primeOf({ spec: { claimRef } }: PersistentVolume): Promise<QuestionedVolume['prime']> {
    const { name, namespace, uid } = claimRef ?? {};
    if (name === undefined || !isOurs(name)) return 'none';
    const claim = await this.#context.client.get(persistentVolumeClaims, { name, namespace });
    return claim !== undefined && claim.metadata.uid === uid ? 'present' : 'gone';
  }
}
