import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';

import { z } from 'zod';

import { pods } from '../../../src/kube/model/built-in-kinds.ts';
import { applicationImage } from './application-image.ts';
import type { Workspace } from './workspace.ts';

const POD_NAME = 'process-killer';

/**
 * Reads pods' UIDs, one per line, and sends SIGKILL to all processes whose cgroup belongs to the pod. The cgroup of a pod
 * carries its UID, with dashes or, under systemd, with underscores.
 */
const killScript = `while read -r uid; do
  killed=0
  for folder in /proc/[0-9]*; do
    if grep -qs -e "pod$uid" -e "pod\${uid//-/_}" "$folder/cgroup" && [ "$(tr -d '\\0' < "$folder/cmdline")" != /pause ]; then
      kill -9 "\${folder#/proc/}" 2>/dev/null && killed=$((killed + 1))
    fi
  done
  echo "$killed"
done`;

const answer = z.tuple([z.coerce.number()]);

/** A pod on the node that ends other pods' processes with SIGKILL, within milliseconds of being told. */
export class ProcessKiller {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #answers: Interface;

  private constructor(child: ChildProcessByStdio<Writable, Readable, null>) {
    this.#child = child;
    this.#answers = createInterface({ input: child.stdout });
  }

  /** Starts the pod in a workspace's namespace, and a shell in it that waits for names. */
  static async start({ client, namespace, cluster }: Workspace): Promise<ProcessKiller> {
    await client.create(pods, {
      metadata: { name: POD_NAME, namespace },
      spec: {
        hostPID: true,
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'killer', image: applicationImage, command: ['sleep', 'infinity'] }],
      },
    });
    const { binFolder, kubeconfigPath } = cluster.environment;
    await cluster.kubectl(['-n', namespace, 'wait', '--for=condition=Ready', '--timeout=60s', `pod/${POD_NAME}`]);
    const words = ['-n', namespace, 'exec', '-i', POD_NAME, '--', 'bash', '-c', killScript];
    const child = spawn(join(binFolder, 'kubectl'), words, {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { ...process.env, KUBECONFIG: kubeconfigPath },
    });
    const killer = new ProcessKiller(child);
    // The shell answers once it listens.
    await killer.kill('no-such-pod');
    return killer;
  }

  /** Ends all processes of a pod. Returns how many there were. */
  async kill(podUID: string): Promise<number> {
    const answered = once(this.#answers, 'line');
    this.#child.stdin.write(`${podUID}\n`);
    const [line] = answer.parse(await answered);
    return line;
  }

  stop(): void {
    this.#child.stdin.end();
    this.#child.kill();
  }
}
