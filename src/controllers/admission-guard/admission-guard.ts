import { FLOOR_NAME } from '../../api/floor.ts';
import { type GuardFacts, judgeGuard } from '../../domain/admission-guard.ts';
import { KubeError } from '../../kube/client/errors.ts';
import { requeueAfter, type Result } from '../../runtime/result.ts';
import { type ControllerContext, warn } from '../context.ts';
import type { GuardState, GuardView } from '../guard-condition.ts';
import {
  guardedWebhookConfigurations,
  validatingAdmissionPolicies,
  validatingAdmissionPolicyBindings,
} from './kinds.ts';

/** What somebody removed or altered is noticed within this time, and told again after it. */
const LOOK_AGAIN_MILLISECONDS = 60_000;
/** Whoever mends it sees within this time whether that was all. */
const SEE_MENDED_MILLISECONDS = 10_000;

/** The configuration and the webhook in it that claims are sent to (manifests/webhook/). */
const WEBHOOK_CONFIGURATION = 'rebound-webhook';
const WEBHOOK_NAME = 'claims.rebound.dev';

/**
 * Looks every minute, and more often while it is not so, whether the webhook's configuration and the policy under it are
 * there and as this version needs them: both are applied by others, who may prune them. What it finds is a condition of
 * every BackupDestination, a warning event on each, and a metric.
 */
export class AdmissionGuard implements GuardView {
  readonly #context: ControllerContext;
  #current: GuardState | undefined;
  #toldMilliseconds = Number.NEGATIVE_INFINITY;
  /** Called when the state is another one. */
  onChange: () => void = () => undefined;

  constructor(context: ControllerContext) {
    this.#context = context;
  }

  get current(): GuardState | undefined {
    return this.#current;
  }

  readonly reconcile = async (): Promise<Result> => {
    const found = await this.#look();
    const isNews = this.#current?.message !== found.message;
    this.#current = found;
    const isGuarded = found.status === 'True';
    const untoldMilliseconds = this.#context.now() - this.#toldMilliseconds;
    if (!isGuarded && (isNews || untoldMilliseconds >= LOOK_AGAIN_MILLISECONDS)) this.#tell(found);
    if (isNews) this.onChange();
    return requeueAfter(isGuarded ? LOOK_AGAIN_MILLISECONDS : SEE_MENDED_MILLISECONDS);
  };

  async #look(): Promise<GuardState> {
    try {
      const verdict = judgeGuard(await readGuard(this.#context));
      if (!verdict.guarded) return { status: 'False', reason: verdict.reason, message: verdict.message };
      return { status: 'True', reason: 'Guarded', message: 'Labelled claims are decided on, or refused.' };
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      const message = `Nobody knows whether undecided claims are refused: ${error.message}.`;
      return { status: 'Unknown', reason: 'GuardUnreadable', message };
    }
  }

  /** Said again as long as it lasts: events are counted, and vanish after a while. */
  #tell({ reason, message }: GuardState): void {
    const { stores, log, now } = this.#context;
    this.#toldMilliseconds = now();
    log.warn({ reason }, message);
    for (const destination of stores.destinations.list()) warn(this.#context, destination, reason, message);
  }
}

async function readGuard({ client }: ControllerContext): Promise<GuardFacts> {
  const policy = await client.get(validatingAdmissionPolicies, { name: FLOOR_NAME });
  const binding = await client.get(validatingAdmissionPolicyBindings, { name: FLOOR_NAME });
  const configuration = await client.get(guardedWebhookConfigurations, { name: WEBHOOK_CONFIGURATION });
  const webhook = configuration?.webhooks?.find(({ name }) => name === WEBHOOK_NAME);
  return { policy: policy?.spec, binding: binding?.spec, webhook };
}
