import { join } from 'node:path';
import { isNotFound } from '../../../src/kube/client/errors.ts';
import { freePorts } from '../../cluster/native/free-ports.ts';
import { poll } from '../../cluster/poll.ts';
import {
  claimManifest,
  createClaim,
  decisionOf,
  startWebhookFixture,
  type WebhookFixture,
} from '../../integration/webhook/fixture.ts';
import { applyManifests, readManifests } from '../../integration/webhook/manifests.ts';
import type { BenchContext } from '../bench.ts';
import { CONSTANT_DECISION, startConstantWebhook } from './constant-webhook.ts';
import { buildBundle, ReboundProcess } from '../world/rebound-process.ts';
import { shippedSettings } from '../world/shipped-settings.ts';

const policiesPath = '/apis/admissionregistration.k8s.io/v1';
const policyName = 'rebound-no-undecided-claims';
const effectTimeoutSeconds = 60;

type Webhook = 'rebound' | 'constant';

/** Who is asked about claims; the policy refuses undecided ones unless nobody is. */
type Asked = 'nobody' | Webhook;

type Ports = Readonly<Record<Webhook, number>>;

/** Rebound's admission on an API server of its own, to be switched on and off. */
export class ReboundAdmission {
  readonly fixture: WebhookFixture;
  readonly #ports: Ports;
  readonly #namespace: string;
  #asked: Asked = 'nobody';

  private constructor(fixture: WebhookFixture, ports: Ports, namespace: string) {
    this.fixture = fixture;
    this.#ports = ports;
    this.#namespace = namespace;
  }

  /** Starts an API server, a store and one replica of the webhook; admission is off then. */
  static async start(context: BenchContext): Promise<ReboundAdmission> {
    const bundlePath = await buildBundle(context.logFolder);
    const fixture = await startWebhookFixture();
    context.cleanup.add(() => fixture.stop());
    await fixture.reconcileCertificates();
    const [port = 0, healthPort = 0, constant = 0] = await freePorts(3);
    const shipped = shippedSettings('webhook');
    const webhook = new ReboundProcess({
      bundlePath,
      role: 'webhook',
      healthPort,
      logPath: join(context.logFolder, 'webhook.log'),
      nodeFlags: [...shipped.nodeFlags, ...context.nodeFlags],
      environment: {
        ...shipped.environment,
        KUBECONFIG: fixture.plane.kubeconfigPath,
        REBOUND_WEBHOOK_HOST: '127.0.0.1',
        REBOUND_WEBHOOK_PORT: String(port),
        REBOUND_WEBHOOK_DRAIN_SECONDS: '0',
        REBOUND_HEALTH_HOST: '127.0.0.1',
        REBOUND_HEALTH_PORT: String(healthPort),
      },
    });
    context.cleanup.add(() => webhook.stop('SIGTERM'));
    const admission = new ReboundAdmission(fixture, { rebound: port, constant }, await fixture.newNamespace());
    // It opens its port once it has a certificate, and gets one once its authority is published.
    await admission.#publish('rebound');
    await poll({ what: 'the webhook to be ready', timeoutSeconds: 60 }, () => webhook.isReady());
    await fixture.sendClaimsNowhere();
    context.cleanup.add(await startConstantWebhook(fixture, constant));
    return admission;
  }

  /** Returns when the API server asks whom it should; if nobody, when it knows nothing of Rebound. */
  async ask(whom: Asked): Promise<void> {
    if (this.#asked === whom) return;
    await (whom === 'nobody' ? this.#turnOff() : this.#turnTo(whom));
    this.#asked = whom;
  }

  async #turnTo(whom: Webhook): Promise<void> {
    if (this.#asked === 'nobody') {
      await applyManifests(this.fixture.client, readManifests('policies/no-undecided-claims.yaml'));
      await this.#until('the floor to hold', async () => (await this.#dryRun()) === 'refused');
    }
    await this.#publish(whom);
    await this.#until(`the ${whom} webhook to be asked`, async () => (await this.#dryRun()) === whom);
  }

  async #turnOff(): Promise<void> {
    await this.fixture.sendClaimsNowhere();
    await this.#delete('validatingadmissionpolicybindings');
    await this.#delete('validatingadmissionpolicies');
    await this.#until('admission to be off', async () => (await this.#dryRun()) === 'let through');
  }

  async #publish(whom: Webhook): Promise<void> {
    await this.fixture.sendClaimsTo(this.#ports[whom]);
    await this.fixture.reconcileCertificates();
  }

  async #delete(plural: string): Promise<void> {
    try {
      await this.fixture.client.raw({ method: 'DELETE', path: `${policiesPath}/${plural}/${policyName}` });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }

  /** What becomes of a labelled claim. */
  async #dryRun(): Promise<'refused' | 'let through' | Webhook> {
    const claim = claimManifest({ namespace: this.#namespace, generateName: 'dry-run-' });
    try {
      const decision = decisionOf(await createClaim(this.fixture.client, claim, true));
      if (decision === undefined) return 'let through';
      return decision === CONSTANT_DECISION ? 'constant' : 'rebound';
    } catch (error) {
      if (error instanceof Error && error.message.includes('has not decided')) return 'refused';
      throw error;
    }
  }

  async #until(what: string, check: () => Promise<boolean>): Promise<void> {
    await poll({ what, timeoutSeconds: effectTimeoutSeconds, intervalMs: 200 }, check);
    // Several API server parts learn of a change one after the other: it has to hold twice.
    await poll({ what, timeoutSeconds: effectTimeoutSeconds, intervalMs: 200 }, check);
  }
}
