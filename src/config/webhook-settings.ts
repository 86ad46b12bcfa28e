import { z } from 'zod';
import { logLevel, type LogLevel, port, readEnvironment } from './environment.ts';

const webhookEnvironment = z.object({
  REBOUND_LOG_LEVEL: logLevel.default('info'),
  REBOUND_WEBHOOK_PORT: port(8443),
  REBOUND_WEBHOOK_HOST: z.string().min(1).optional(),
  REBOUND_HEALTH_PORT: port(8081),
  REBOUND_HEALTH_HOST: z.string().min(1).optional(),
  REBOUND_WEBHOOK_DRAIN_SECONDS: z.coerce.number().min(0).max(300).default(15),
  POD_NAME: z.string().min(1).default('rebound-webhook'),
});

/** Settings of the role `rebound webhook`. */
export interface WebhookSettings {
  readonly logLevel: LogLevel;
  /** Port that API servers call, HTTPS; 0 takes any free one. */
  readonly port: number;
  /** Address that it is opened on; all of them if not given. */
  readonly host?: string | undefined;
  /** Port of /healthz, /readyz and /metrics, plain HTTP; 0 takes any free one. */
  readonly healthPort: number;
  readonly healthHost?: string | undefined;
  /**
   * How long a replica that is asked to end still serves, while endpoints catch up. The pod's
   * terminationGracePeriodSeconds must be at least 15 more.
   */
  readonly drainSeconds: number;
  /** Name of this process among several. */
  readonly instance: string;
}

/**
 * Reads the settings from the environment.
 *
 * @throws when a value is out of range; the message names the variable.
 */
export function readWebhookSettings(environment: NodeJS.ProcessEnv): WebhookSettings {
  const data = readEnvironment(webhookEnvironment, environment);
  return {
    logLevel: data.REBOUND_LOG_LEVEL,
    port: data.REBOUND_WEBHOOK_PORT,
    host: data.REBOUND_WEBHOOK_HOST,
    healthPort: data.REBOUND_HEALTH_PORT,
    healthHost: data.REBOUND_HEALTH_HOST,
    drainSeconds: data.REBOUND_WEBHOOK_DRAIN_SECONDS,
    instance: data.POD_NAME,
  };
}
