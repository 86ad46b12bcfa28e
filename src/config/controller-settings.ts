import { z } from 'zod';
import { logLevel, type LogLevel, port, readEnvironment } from './environment.ts';

/**
 * restic 0.18.1 as its makers publish it, for all processors, by digest: what movers run can't change behind the tag.
 */
const RESTIC_IMAGE =
  'docker.io/restic/restic:0.18.1@sha256:39d9072fb5651c80d75c7a811612eb60b4c06b32ffe87c2e9f3c7222e1797e76';

const controllerEnvironment = z.object({
  REBOUND_LOG_LEVEL: logLevel.default('info'),
  REBOUND_HEALTH_PORT: port(8081),
  REBOUND_HEALTH_HOST: z.string().optional(),
  REBOUND_CERTIFICATE_ROTATION: z.enum(['built-in', 'external']).default('built-in'),
  REBOUND_RESTIC_IMAGE: z.string().min(1).default(RESTIC_IMAGE),
  POD_NAME: z.string().min(1).default('rebound-controller'),
});

/** Settings of the role `rebound controller`. */
export interface ControllerSettings {
  readonly logLevel: LogLevel;
  /** Port of /healthz, /readyz and /metrics; 0 takes any free one. */
  readonly healthPort: number;
  /** Address that port is opened on; all of them if not given. */
  readonly healthHost?: string | undefined;
  /** Whether the product makes the webhook's certificates itself, or something else such as cert-manager does. */
  readonly certificateRotation: 'built-in' | 'external';
  /** Image that has restic in its search path: movers of Rebound's own run it. */
  readonly resticImage: string;
  /** Name of this process among several. */
  readonly instance: string;
}

/**
 * Reads the settings from the environment.
 *
 * @throws when a value is out of range; the message names the variable.
 */
export function readControllerSettings(environment: NodeJS.ProcessEnv): ControllerSettings {
  const data = readEnvironment(controllerEnvironment, environment);
  return {
    logLevel: data.REBOUND_LOG_LEVEL,
    healthPort: data.REBOUND_HEALTH_PORT,
    healthHost: data.REBOUND_HEALTH_HOST,
    certificateRotation: data.REBOUND_CERTIFICATE_ROTATION,
    resticImage: data.REBOUND_RESTIC_IMAGE,
    instance: data.POD_NAME,
  };
}
