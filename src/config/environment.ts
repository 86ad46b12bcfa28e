import { z } from 'zod';

/** A variable that names how much is logged. */
export const logLevel = z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']);

export type LogLevel = z.infer<typeof logLevel>;

/** A variable that names a port; 0 takes any free one. */
export const port = (fallback: number) => z.coerce.number().int().min(0).max(65_535).default(fallback);

/**
 * Reads variables of the environment.
 *
 * @throws when a value is out of range; the message names the variable.
 */
export function readEnvironment<T>(schema: z.ZodType<T>, environment: NodeJS.ProcessEnv): T {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) throw new Error(`the settings can't be used: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
