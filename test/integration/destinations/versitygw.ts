import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { S3Settings } from '../../../src/destinations/s3/settings.ts';
import { freePorts } from '../../cluster/native/free-ports.ts';
import { buildProgram } from '../../cluster/native/go-programs.ts';
import { poll } from '../../cluster/poll.ts';
import { dieTogether } from '../die-together.ts';

/** A real S3 server on loopback, alone in a folder of its own. */
export type S3Server = {
  /** Settings for its bucket `backups`. */
  readonly settings: S3Settings;
  /** The folder whose sub-folders are the buckets. */
  readonly folder: string;
  start(): Promise<void>;
  kill(): Promise<void>;
  /** Stops the process as a hung server is: connections are accepted by the kernel, nothing is answered. */
  pause(): void;
  resume(): void;
  remove(): Promise<void>;
};

export type S3ServerOptions = {
  readonly tls?: { readonly certificate: string; readonly key: string; readonly caPem: string };
};

const accessKeyId = 'AKIATESTTESTTEST';
const secretAccessKey = 'test-secret-key-0123456789';

const accepts = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ host: '127.0.0.1', port });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });

const programArguments = (port: number, folder: string, { tls }: S3ServerOptions): string[] => [
  ...['--port', `127.0.0.1:${port}`, '--quiet', '--keep-alive'],
  ...(tls === undefined ? [] : ['--cert', tls.certificate, '--key', tls.key]),
  ...['posix', folder],
];

/** Starts versitygw with an empty bucket `backups`. */
export const startS3Server = async (options: S3ServerOptions = {}): Promise<S3Server> => {
  const program = await buildProgram('versitygw', () => undefined);
  const folder = mkdtempSync(join(tmpdir(), 'rebound-s3-'));
  mkdirSync(join(folder, 'backups'));
  const [port = 0] = await freePorts(1);
  let child: ChildProcess | undefined;

  const start = async (): Promise<void> => {
    const started = spawn(program, programArguments(port, folder, options), {
      stdio: 'ignore',
      env: { PATH: '', ROOT_ACCESS_KEY_ID: accessKeyId, ROOT_SECRET_ACCESS_KEY: secretAccessKey },
    });
    child = started;
    dieTogether(started);
    const giveUp = (): void => {
      if (started.exitCode !== null) throw new Error(`versitygw ended with code ${started.exitCode}`);
    };
    await poll({ what: 'versitygw to listen', timeoutSeconds: 30, intervalMs: 20, giveUp }, () => accepts(port));
  };

  const kill = async (): Promise<void> => {
    const running = child;
    child = undefined;
    if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
    const exited = once(running, 'exit');
    running.kill('SIGKILL');
    await exited;
  };

  await start();
  const scheme = options.tls === undefined ? 'http' : 'https';
  return {
    settings: {
      endpoint: `${scheme}://127.0.0.1:${port}`,
      region: 'us-east-1',
      bucket: 'backups',
      prefix: 'clusters/one',
      forcePathStyle: true,
      accessKeyId,
      secretAccessKey,
    },
    folder,
    start,
    kill,
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    async remove() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
};
