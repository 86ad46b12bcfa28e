import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePorts } from '../../cluster/native/free-ports.ts';
import { dieTogether } from '../die-together.ts';

/** A running replica of the controller. */
export interface ControllerProcess {
  /** Everything it logged, one JSON object a line. */
  readonly log: () => string;
  /** What /readyz says; an empty text while it does not listen. */
  readonly readiness: () => Promise<string>;
  /** Asks it to end and waits for that. */
  readonly stop: () => Promise<void>;
}

/** Starts `rebound controller`. It has not done anything yet when this returns. */
export async function startController(kubeconfigPath: string): Promise<ControllerProcess> {
  const [port = 0] = await freePorts(1);
  const program = join(import.meta.dirname, '../../../src/main.ts');
  const child = spawn(process.execPath, [program, 'controller'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      KUBECONFIG: kubeconfigPath,
      POD_NAME: 'controller-1',
      REBOUND_HEALTH_HOST: '127.0.0.1',
      REBOUND_HEALTH_PORT: String(port),
    },
  });
  dieTogether(child);
  return replica(child, port);
}

function replica(child: ChildProcess, port: number): ControllerProcess {
  let log = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (log += text));
  const exited = once(child, 'exit');
  const ask = async (): Promise<string> => (await fetch(`http://127.0.0.1:${port}/readyz`)).text();
  return {
    log: () => log,
    readiness: () => ask().catch(() => ''),
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}
