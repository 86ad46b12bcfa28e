import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { RequestReport } from '../kube/client/client.ts';
import type { ReflectorReport } from '../kube/cache/reflector.ts';
import type { ControllerObserver } from './controller.ts';

/** Every metric of ours begins so. */
const metricPrefix = 'rebound_';

const requestSeconds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const reconcileSeconds = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300];

/** The process's metrics, and the hooks that feed those of the Kubernetes client, reflectors and controllers. */
export interface Metrics {
  readonly registry: Registry;
  readonly onRequest: (report: RequestReport) => void;
  /** For one reflector; `size` is read when metrics are collected. */
  readonly reflectorObserver: (resource: string) => (report: ReflectorReport) => void;
  readonly controllerObserver: (controller: string) => ControllerObserver;
  /** Counts what an event recorder did with an event. */
  readonly onEvent: (outcome: string) => void;
}

/** Makes a registry of its own; the process's default metrics keep their usual names. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    registry,
    onRequest: requestMetrics(registry),
    reflectorObserver: reflectorMetrics(registry),
    controllerObserver: controllerMetrics(registry),
    onEvent: eventMetrics(registry),
  };
}

function requestMetrics(registry: Registry): Metrics['onRequest'] {
  const duration = new Histogram({
    name: `${metricPrefix}kube_request_duration_seconds`,
    help: 'Requests to the Kubernetes API server by verb, resource and HTTP code (0: no answer).',
    labelNames: ['verb', 'resource', 'code'],
    buckets: requestSeconds,
    registers: [registry],
  });
  return ({ verb, resource, code, durationSeconds }) => duration.observe({ verb, resource, code }, durationSeconds);
}

function reflectorMetrics(registry: Registry): Metrics['reflectorObserver'] {
  const lists = new Counter({
    name: `${metricPrefix}reflector_lists_total`,
    help: 'Full lists read into a local copy.',
    labelNames: ['resource'],
    registers: [registry],
  });
  const ends = new Counter({
    name: `${metricPrefix}reflector_watch_ends_total`,
    help: 'Watches that ended: closed (as agreed), silent, gone (history lost) or failed.',
    labelNames: ['resource', 'why'],
    registers: [registry],
  });
  return (resource) => (report) => {
    if (report.type === 'listed') lists.inc({ resource });
    else ends.inc({ resource, why: report.why });
  };
}

function controllerMetrics(registry: Registry): Metrics['controllerObserver'] {
  const labelNames = ['controller'];
  const registers = [registry];
  const name = (suffix: string): string => `${metricPrefix}${suffix}`;
  const reconciles = new Counter({
    name: name('reconcile_total'),
    help: 'Reconciles by result: done, requeueAfter, terminal or error.',
    labelNames: ['controller', 'result'],
    registers,
  });
  const duration = new Histogram({
    name: name('reconcile_duration_seconds'),
    help: 'Time that reconciles took.',
    labelNames,
    buckets: reconcileSeconds,
    registers,
  });
  const depth = new Gauge({ name: name('queue_depth'), help: 'Keys that wait for a worker.', labelNames, registers });
  const adds = new Counter({ name: name('queue_adds_total'), help: 'Keys added.', labelNames, registers });
  const retries = new Counter({ name: name('queue_retries_total'), help: 'Keys added again.', labelNames, registers });
  const wait = new Histogram({
    name: name('queue_wait_seconds'),
    help: 'Time that keys waited for a worker.',
    labelNames,
    buckets: reconcileSeconds,
    registers,
  });
  return (controller) => ({
    depthChanged: (keys) => depth.set({ controller }, keys),
    added: () => adds.inc({ controller }),
    retried: () => retries.inc({ controller }),
    waited: (seconds) => wait.observe({ controller }, seconds),
    reconciled: (result, seconds) => {
      reconciles.inc({ controller, result });
      duration.observe({ controller }, seconds);
    },
  });
}

function eventMetrics(registry: Registry): Metrics['onEvent'] {
  const events = new Counter({
    name: `${metricPrefix}events_total`,
    help: 'Kubernetes events by what became of them: created, counted, limited or failed.',
    labelNames: ['outcome'],
    registers: [registry],
  });
  return (outcome) => events.inc({ outcome });
}
