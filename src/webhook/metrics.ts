import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { AdmissionDecision } from '../domain/admission.ts';
import type { RefusalReason } from './admission-review.ts';
import type { AdmissionAnswer } from './answer.ts';

const admissionSeconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5];

/** The hooks that feed the metrics of the webhook. */
export interface WebhookMetrics {
  readonly onDecision: (decision: AdmissionDecision) => void;
  readonly onProbe: (answer: string, durationSeconds: number) => void;
  readonly onRefused: (reason: RefusalReason) => void;
  readonly onAnswered: (answer: AdmissionAnswer, durationSeconds: number) => void;
  readonly onTlsError: () => void;
  /** When the certificate in use expires; milliseconds since 1970. */
  readonly onCertificate: (notAfterMilliseconds: number) => void;
}

export function createWebhookMetrics(registry: Registry): WebhookMetrics {
  return { ...admissionMetrics(registry), ...serverMetrics(registry) };
}

function admissionMetrics(registry: Registry): Pick<WebhookMetrics, 'onDecision' | 'onProbe' | 'onAnswered'> {
  const registers = [registry];
  const decisions = new Counter({
    name: 'rebound_admission_decisions_total',
    help: 'Decisions on claims that were being created, dry runs included: restore, fresh, hold, ignore or reject.',
    labelNames: ['decision', 'reason'],
    registers,
  });
  const probes = new Histogram({
    name: 'rebound_admission_probe_duration_seconds',
    help: 'Questions to destinations by answer: exists, none or unknown; notAsked: something was missing to ask.',
    labelNames: ['answer'],
    buckets: admissionSeconds,
    registers,
  });
  const requests = new Histogram({
    name: 'rebound_admission_duration_seconds',
    help: 'Admission requests by HTTP code of the answer, from the first byte read to the last byte written.',
    labelNames: ['code'],
    buckets: admissionSeconds,
    registers,
  });
  return {
    onDecision: ({ kind, reason }) => decisions.inc({ decision: kind, reason }),
    onProbe: (answer, durationSeconds) => probes.observe({ answer }, durationSeconds),
    onAnswered: (answer, durationSeconds) =>
      requests.observe({ code: answer.kind === 'allowed' ? 200 : answer.code }, durationSeconds),
  };
}

function serverMetrics(registry: Registry): Pick<WebhookMetrics, 'onRefused' | 'onTlsError' | 'onCertificate'> {
  const registers = [registry];
  const refused = new Counter({
    name: 'rebound_admission_refused_requests_total',
    help: 'Requests that were no admission of a claim, by what was wrong with them.',
    labelNames: ['reason'],
    registers,
  });
  const tlsErrors = new Counter({
    name: 'rebound_webhook_tls_errors_total',
    help: 'TLS handshakes that failed: clients that do not trust the certificate, and scanners.',
    registers,
  });
  const expiry = new Gauge({
    name: 'rebound_webhook_certificate_expiry_timestamp_seconds',
    help: 'When the certificate that is served expires.',
    registers,
  });
  return {
    onRefused: (reason) => refused.inc({ reason }),
    onTlsError: () => tlsErrors.inc(),
    onCertificate: (notAfterMilliseconds) => expiry.set(notAfterMilliseconds / 1000),
  };
}
