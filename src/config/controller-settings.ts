import { z } from 'zod';

const logLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);

const controllerEnvironment = z.object({
  REBOUND_LOG_LEVEL: logLevel.default('info'),
  REBOUND_HEALTH_PORT: z.coerce.number().int().min(0).max(65_535).default(8081),
  REBOUND_HEALTH_HOST: z.string().optional(),
  REBOUND_CERTIFICATE_ROTATION: z.enum(['built-in', 'external']).default('built-in'),
  POD_NAME: z.string().min(1).default('rebound-controller'),
});

/** Settings of the role `rebound controller`. */
export interface ControllerSettings {
  readonly logLevel: z.infer<typeof logLevel>;
  /** Port of /healthz, /readyz and /metrics; 0 takes any free one. */
  readonly healthPort: number;
  /** Address that port is opened on; all of them if not given. */
  readonly healthHost?: string | undefined;
  /** Whether the product makes the webhook's certificates itself, or something else such as cert-manager does. */
  readonly certificateRotation: 'built-in' | 'external';
  /** Name of this process among several. */
  readonly instance: string;
}

/**
 * Reads the settings from the environment.
 *
 * @throws when a value is out of range; the message names the variable.
 */
export function readControllerSettings(environment: NodeJS.ProcessEnv): ControllerSettings {
  const parsed = controllerEnvironment.safeParse(environment);
  if (!parsed.success) throw new Error(`the settings can't be used: ${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  return {
    logLevel: data.REBOUND_LOG_LEVEL,
    healthPort: data.REBOUND_HEALTH_PORT,
    healthHost: data.REBOUND_HEALTH_HOST,
    certificateRotation: data.REBOUND_CERTIFICATE_ROTATION,
    instance: data.POD_NAME,
  };
}
