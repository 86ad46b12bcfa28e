import { randomBytes } from 'node:crypto';
import type { Logger } from 'pino';
import { FIELD_MANAGER } from '../api/group.ts';
import type { WebhookSettings } from '../config/webhook-settings.ts';
import { KubeClient } from '../kube/client/client.ts';
import { KubeConnection } from '../kube/client/connection.ts';
import { type HealthCheck, HealthServer } from '../runtime/health-server.ts';
import { type Component, Lifecycle } from '../runtime/lifecycle.ts';
import { createLogger } from '../runtime/logging.ts';
import { createMetrics, type Metrics } from '../runtime/metrics.ts';
import { type AdmissionSources, createAdmission } from '../webhook/admission.ts';
import type { CertifiedKey } from '../certificates/issue.ts';
import { createWebhookMetrics, type WebhookMetrics } from '../webhook/metrics.ts';
import {
  admissionSources,
  copiesOf,
  type ObservedCluster,
  observeCluster,
  openCatalog,
} from '../webhook/observed-cluster.ts';
import { AdmissionServer } from '../webhook/server.ts';
import { SERVING_SECRET_KEY, ServingCertificate } from '../webhook/serving-certificate.ts';

/** What is left for the last requests and for closing connections once draining is over. */
const STOP_MARGIN_MILLISECONDS = 10_000;

interface Parts {
  readonly settings: WebhookSettings;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly webhookMetrics: WebhookMetrics;
  readonly cluster: ObservedCluster;
}

/** Runs the role `rebound webhook` until the process is asked to end. It writes nothing to the cluster. */
export async function runWebhook(settings: WebhookSettings): Promise<void> {
  const logger = createLogger({ level: settings.logLevel, base: { role: 'webhook', instance: settings.instance } });
  const metrics = createMetrics();
  const webhookMetrics = createWebhookMetrics(metrics.registry);
  const connection = new KubeConnection({ userAgent: 'rebound-webhook' });
  const client = new KubeClient({ connection, fieldManager: FIELD_MANAGER, onRequest: metrics.onRequest });
  const cluster = observeCluster({ client, logger, reflectorObserver: metrics.reflectorObserver });
  const catalog = openCatalog(cluster);
  const parts: Parts = { settings, logger, metrics, webhookMetrics, cluster };
  const sources = admissionSources(cluster, catalog);
  const server = createServer(parts, sources);
  const certificate = followCertificate(parts, server);

  const stopDeadlineMilliseconds = settings.drainSeconds * 1000 + STOP_MARGIN_MILLISECONDS;
  const lifecycle = new Lifecycle({ logger, stopDeadlineMilliseconds });
  lifecycle.add(healthComponent(parts, readinessChecks(sources, server, certificate)));
  lifecycle.add({ name: 'connection', stop: () => connection.close() });
  lifecycle.add({ name: 'catalog', stop: () => catalog.close() });
  for (const one of copiesOf(cluster)) {
    lifecycle.add({ name: `copy of ${one.resource}`, start: () => one.start(), stop: () => one.stop() });
  }
  const start = async (): Promise<void> => logger.info({ port: await server.start() }, 'serving admission');
  lifecycle.add({ name: 'server', start, stop: () => server.stop() });
  await lifecycle.run();
}

function createServer({ settings, logger, webhookMetrics }: Parts, sources: AdmissionSources): AdmissionServer {
  const admission = createAdmission({
    sources,
    now: Date.now,
    newRestoreName: () => `rebound-${randomBytes(8).toString('hex')}`,
    onDecision: (decision, { namespace, name, generateName }) => {
      webhookMetrics.onDecision(decision);
      const { kind, reason, message } = decision;
      logger.debug({ namespace, name, generateName, decision: kind, reason }, message);
    },
    onProbe: webhookMetrics.onProbe,
  });
  const { port, host, drainSeconds } = settings;
  return new AdmissionServer({
    ...webhookMetrics,
    port,
    host,
    drainMilliseconds: drainSeconds * 1000,
    admission,
    logger,
  });
}

function followCertificate({ cluster, logger, webhookMetrics }: Parts, server: AdmissionServer): ServingCertificate {
  const { onCertificate } = webhookMetrics;
  const use = (pair: CertifiedKey): void => server.useCertificate(pair);
  const certificate = new ServingCertificate({ use, onCertificate, logger, now: Date.now });
  cluster.secrets.subscribe(({ key, current }) => {
    if (key === SERVING_SECRET_KEY) certificate.update(current);
  });
  return certificate;
}

/** About this process alone: a store that is down must not take the webhook away. */
const readinessChecks = (sources: AdmissionSources, server: AdmissionServer, certificate: ServingCertificate) => ({
  copies: sources.problem,
  certificate: () => certificate.problem,
  server: () => server.problem,
});

function healthComponent(
  { settings, logger, metrics }: Parts,
  readiness: Readonly<Record<string, HealthCheck>>,
): Component {
  const { healthPort: port, healthHost: host } = settings;
  const health = new HealthServer({
    port,
    ...(host === undefined ? {} : { host }),
    registry: metrics.registry,
    readiness,
  });
  const start = async (): Promise<void> => logger.info({ port: await health.start() }, 'serving health and metrics');
  return { name: 'health', start, stop: () => health.stop() };
}
