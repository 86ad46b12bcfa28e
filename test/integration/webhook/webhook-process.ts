import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { poll } from '../../cluster/poll.ts';
import { dieTogether } from '../die-together.ts';

/** A running replica of the webhook. */
export interface WebhookProcess {
  readonly port: () => number;
  readonly healthPort: () => number;
  /** Everything it logged, one JSON object a line. */
  readonly log: () => string;
  readonly isReady: () => Promise<boolean>;
  /** What /readyz says. */
  readonly readiness: () => Promise<string>;
  /** The value of a metric's series, summed over those that have all of these labels. */
  readonly metric: (name: string, labels?: Readonly<Record<string, string>>) => Promise<number>;
  readonly waitUntilReady: () => Promise<void>;
  readonly signal: (signal: NodeJS.Signals) => void;
  /** Asks it to end and waits for that. Returns its exit code. */
  readonly stop: () => Promise<number | null>;
}

export interface WebhookProcessOptions {
  readonly kubeconfigPath: string;
  readonly drainSeconds?: number;
  readonly name?: string;
}

const line = z.looseObject({ msg: z.string(), port: z.number().optional() });

/** Starts a replica. It is not ready yet when this returns. */
export function startWebhook(options: WebhookProcessOptions): WebhookProcess {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'webhook-main.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      KUBECONFIG: options.kubeconfigPath,
      POD_NAME: options.name ?? 'webhook-1',
      REBOUND_LOG_LEVEL: 'debug',
      REBOUND_WEBHOOK_HOST: '127.0.0.1',
      REBOUND_WEBHOOK_PORT: '0',
      REBOUND_HEALTH_HOST: '127.0.0.1',
      REBOUND_HEALTH_PORT: '0',
      REBOUND_WEBHOOK_DRAIN_SECONDS: String(options.drainSeconds ?? 0),
    },
  });
  dieTogether(child);
  return replica(child);
}

function replica(child: ChildProcess): WebhookProcess {
  const ports = { admission: 0, health: 0 };
  let log = '';
  const output = child.stdout;
  if (output === null) throw new Error('the webhook has no output');
  createInterface(output).on('line', (text) => {
    log += `${text}\n`;
    const { msg, port = 0 } = line.parse(JSON.parse(text));
    if (msg === 'serving admission') ports.admission = port;
    if (msg === 'serving health and metrics') ports.health = port;
  });
  const fetchHealth = (path: string): Promise<Response> => fetch(`http://127.0.0.1:${ports.health}${path}`);
  const isReady = async (): Promise<boolean> => {
    if (ports.health === 0 || ports.admission === 0 || child.exitCode !== null) return false;
    return fetchHealth('/readyz').then(
      ({ ok }) => ok,
      () => false,
    );
  };
  const giveUp = (): void => {
    if (child.exitCode !== null) throw new Error(`the webhook ended with code ${child.exitCode}: ${log}`);
  };
  return {
    port: () => ports.admission,
    healthPort: () => ports.health,
    log: () => log,
    isReady,
    readiness: async () => (await fetchHealth('/readyz')).text(),
    metric: async (name, labels = {}) => sumOf(await (await fetchHealth('/metrics')).text(), name, labels),
    waitUntilReady: async () => {
      await poll({ what: 'the webhook to be ready', timeoutSeconds: 60, intervalMs: 50, giveUp }, isReady);
    },
    signal: (signal) => void child.kill(signal),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}

function sumOf(text: string, name: string, labels: Readonly<Record<string, string>>): number {
  const wanted = Object.entries(labels).map(([key, value]) => `${key}="${value}"`);
  return text
    .split('\n')
    .filter((each) => each.startsWith(`${name}{`) || each.startsWith(`${name} `))
    .filter((each) => wanted.every((label) => each.includes(label)))
    .reduce((sum, each) => sum + Number(each.slice(each.lastIndexOf(' ') + 1)), 0);
}
