import { type DestinationStream, type Logger, type LoggerOptions, pino } from 'pino';

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent';

export interface LoggingOptions {
  readonly level: LogLevel;
  /** Fields on every line, for example the role. */
  readonly base?: Readonly<Record<string, string>>;
  /** Standard output if not given. */
  readonly destination?: DestinationStream;
}

/** Names of fields whose values are never logged, at the top of a line or one or two levels down. */
const secretFields = [
  'password',
  'token',
  'secret',
  'secretAccessKey',
  'accessKeyId',
  'sessionToken',
  'authorization',
  'Authorization',
  'data',
  'stringData',
  'headers',
  'RESTIC_PASSWORD',
  'AWS_SECRET_ACCESS_KEY',
  'AWS_ACCESS_KEY_ID',
];

/** How many causes of an error are followed. */
const deepestCause = 5;

/** A logger that writes JSON lines: time as RFC 3339, level as a word, errors without what may hold secrets. */
export function createLogger(options: LoggingOptions): Logger {
  const settings: LoggerOptions = {
    level: options.level,
    base: options.base ?? {},
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    serializers: { err: serializeError, error: serializeError },
    redact: { paths: secretFields.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '(redacted)' },
  };
  return options.destination === undefined ? pino(settings) : pino(settings, options.destination);
}

/** What is logged of an error: nothing but these fields, since libraries hang requests and answers on theirs. */
interface SerializedError {
  readonly type: string;
  readonly message: string;
  readonly code?: string | number;
  readonly reason?: string;
  readonly stack?: string;
  readonly cause?: SerializedError;
}

function serializeError(error: unknown, depth = 0): SerializedError {
  if (!(error instanceof Error)) return { type: typeof error, message: describeNonError(error) };
  const code = fieldOf(error, 'code');
  const reason = fieldOf(error, 'reason');
  return {
    type: error.name,
    message: error.message,
    ...(typeof code === 'string' || typeof code === 'number' ? { code } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    // The stack begins with the message, which is above.
    ...(error.stack === undefined ? {} : { stack: framesOf(error.stack) }),
    ...(error.cause === undefined || depth >= deepestCause ? {} : { cause: serializeError(error.cause, depth + 1) }),
  };
}

function framesOf(stack: string): string {
  return stack
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .join('\n');
}

function fieldOf(error: Error, name: string): unknown {
  return Reflect.get(error, name);
}

/** Text is shown; an object could hold anything. */
function describeNonError(error: unknown): string {
  return typeof error === 'string' ? error : `a ${typeof error} was thrown that is not an error`;
}
