import { join } from 'node:path';
import { isNotFound } from '../../../src/kube/errors.ts';
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
import { buildBundle, ReboundProcess } from '../world/rebound-process.ts';
import { shippedSettings } from '../world/shipped-settings.ts';

const policiesPath = '/apis/admissionregistration.k8s.io/v1';
const policyName = 'rebound-no-undecided-claims';
const effectTimeoutSeconds = 60;

/** Rebound's admission on an API server of its own, to be switched on and off. */
export class ReboundAdmission {
  readonly fixture: WebhookFixture;
  readonly #port: number;
  readonly #namespace: string;
  #isOn = false;

  private constructor(fixture: WebhookFixture, port: number, namespace: string) {
    this.fixture = fixture;
    this.#port = port;
    this.#namespace = namespace;
  }

  /** Starts an API server, a store and one replica of the webhook; admission is off then. */
  static async start(context: BenchContext): Promise<ReboundAdmission> {
    const bundlePath = await buildBundle(context.logFolder);
    const fixture = await startWebhookFixture();
    context.cleanup.add(() => fixture.stop());
    await fixture.reconcileCertificates();
    const [port = 0, healthPort = 0] = await freePorts(2);
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
    const admission = new ReboundAdmission(fixture, port, await fixture.newNamespace());
    // It opens its port once it has a certificate, and gets one once its authority is published.
    await admission.#publish();
    await poll({ what: 'the webhook to be ready', timeoutSeconds: 60 }, () => webhook.isReady());
    await fixture.sendClaimsNowhere();
    return admission;
  }

  /** Returns when the API server asks the webhook, and refuses what it did not decide. */
  async turnOn(): Promise<void> {
    if (this.#isOn) return;
    const { client } = this.fixture;
    await applyManifests(client, readManifests('policies/no-undecided-claims.yaml'));
    await this.#until('the floor to hold', async () => (await this.#dryRun()) === 'refused');
    await this.#publish();
    await this.#until('the webhook to be asked', async () => (await this.#dryRun()) === 'decided');
    this.#isOn = true;
  }

  /** Returns when the API server knows nothing of Rebound. */
  async turnOff(): Promise<void> {
    if (this.#isOn) await this.fixture.sendClaimsNowhere();
    await this.#delete('validatingadmissionpolicybindings');
    await this.#delete('validatingadmissionpolicies');
    await this.#until('admission to be off', async () => (await this.#dryRun()) === 'let through');
    this.#isOn = false;
  }

  async #publish(): Promise<void> {
    await this.fixture.sendClaimsTo(this.#port);
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
  async #dryRun(): Promise<'refused' | 'decided' | 'let through'> {
    const claim = claimManifest({ namespace: this.#namespace, generateName: 'dry-run-' });
    try {
      const answer = await createClaim(this.fixture.client, claim, true);
      return decisionOf(answer) === undefined ? 'let through' : 'decided';
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
