import type { Logger } from 'pino';
import { SYSTEM_NAMESPACE } from '../../api/group.ts';
import type { KubeClient } from '../../kube/client/client.ts';
import { Controller } from '../../runtime/controller.ts';
import type { Metrics } from '../../runtime/metrics.ts';
import { requeueAfter } from '../../runtime/result.ts';
import { onceAndAgain } from '../../runtime/source.ts';
import { reconcileCertificates } from '../../certificates/reconcile.ts';

/** A certificate Secret or a configuration that somebody changed is mended within this time. */
const LONGEST_CERTIFICATE_WAIT_MILLISECONDS = 60_000;

/** Names by which API servers call the webhook's Service (manifests/webhook/). */
const WEBHOOK_DNS_NAMES = [
  `rebound-webhook.${SYSTEM_NAMESPACE}.svc`,
  `rebound-webhook.${SYSTEM_NAMESPACE}.svc.cluster.local`,
  'localhost',
];

export interface UpkeepParts {
  readonly client: KubeClient;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Makes and renews the webhook's certificates, and tells the API server whom to trust. */
export function certificateController({ client, log, metrics }: UpkeepParts): Controller {
  const reconciler = { client, subject: { dnsNames: WEBHOOK_DNS_NAMES }, logger: log, now: () => Date.now() };
  return new Controller({
    name: 'webhook-certificates',
    sources: [onceAndAgain],
    reconcile: async () => {
      const { nextMilliseconds } = await reconcileCertificates(reconciler);
      return requeueAfter(Math.min(LONGEST_CERTIFICATE_WAIT_MILLISECONDS, Math.max(0, nextMilliseconds - Date.now())));
    },
    logger: log,
    observer: metrics.controllerObserver('webhook-certificates'),
  });
}
