import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { isMoverTask, runMover } from '../../../src/roles/mover.ts';
import { buildProgram } from '../../cluster/native/go-programs.ts';

const variable = z.object({
  name: z.string(),
  value: z.string().optional(),
  valueFrom: z
    .object({
      secretKeyRef: z.object({ key: z.string() }).optional(),
      fieldRef: z.object({ fieldPath: z.string() }).optional(),
    })
    .optional(),
});
const container = z.object({
  name: z.string(),
  command: z.array(z.string()),
  args: z.array(z.string()),
  env: z.array(variable),
});
const job = z.object({
  spec: z.object({
    template: z.object({
      spec: z.object({ initContainers: z.array(container), containers: z.array(container) }),
    }),
  }),
});
type Container = z.infer<typeof container>;

/** How a container ended. */
export interface ContainerEnd {
  readonly name: string;
  readonly exitCode: number;
  readonly message: string;
}

/** What stands in for Kubernetes. */
export interface JobSurroundings {
  /** Of the Job's Secret, in base64. */
  readonly secret: Readonly<Record<string, string>>;
  readonly jobUid: string;
  /** What is mounted at /data. */
  readonly volume: string;
}

/** As the kubelet does: `$(NAME)` is a variable, `$$` a dollar. */
const expanded = (argument: string, environment: Readonly<Record<string, string>>): string =>
  argument.replaceAll(/\$(\$|\(([A-Z_]+)\))/g, (whole, _kind, name: string | undefined) =>
    name === undefined ? '$' : (environment[name] ?? whole),
  );

class Runner {
  readonly #surroundings: JobSurroundings;
  readonly #folder = mkdtempSync(join(tmpdir(), 'rebound-job-'));
  readonly #secrets: string;

  constructor(surroundings: JobSurroundings) {
    this.#surroundings = surroundings;
    this.#secrets = join(this.#folder, 'secret');
    mkdirSync(this.#secrets);
    for (const [key, value] of Object.entries(surroundings.secret)) {
      writeFileSync(join(this.#secrets, key), Buffer.from(value, 'base64'));
    }
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #here(text: string): string {
    const { volume } = this.#surroundings;
    return text
      .replace(/^\/etc\/rebound\//, `${this.#secrets}/`)
      .replace(/^\/cache$/, join(this.#folder, 'cache'))
      .replace(/^(|--exclude=)\/data(?=$|\/)/, `$1${volume}`);
  }

  #environment({ env }: Container): Record<string, string> {
    const entries = env.map(({ name, value, valueFrom }) => {
      const key = valueFrom?.secretKeyRef?.key;
      if (key !== undefined) return [name, readFileSync(join(this.#secrets, key), 'utf8')];
      return [name, valueFrom === undefined ? this.#here(value ?? '') : this.#surroundings.jobUid];
    });
    return z.record(z.string(), z.string()).parse(Object.fromEntries(entries));
  }

  async run(one: Container): Promise<ContainerEnd> {
    const environment = this.#environment(one);
    mkdirSync(join(this.#folder, 'cache'), { recursive: true });
    const args = one.args.map((argument) => this.#here(expanded(argument, environment)));
    return one.command[0] === 'restic'
      ? await this.#runRestic(one.name, args, environment)
      : await this.#runOwn(one.name, args[1], environment);
  }

  async #runRestic(name: string, args: readonly string[], environment: Record<string, string>): Promise<ContainerEnd> {
    const program = await buildProgram('restic', () => undefined);
    const child = spawn(program, args, { cwd: this.#surroundings.volume, env: environment });
    let output = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    const exitCode = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve(code ?? -1));
    });
    return { name, exitCode, message: output };
  }

  async #runOwn(name: string, task: string | undefined, environment: Record<string, string>): Promise<ContainerEnd> {
    if (!isMoverTask(task)) throw new Error(`no task of a mover: ${task ?? ''}`);
    const report = join(this.#folder, `${name}.message`);
    const exitCode = await runMover(task, environment, report).catch(() => 1);
    return { name, exitCode, message: readFileSync(report, 'utf8') };
  }
}

/**
 * Does what a kubelet would do with a Job's pod, on this machine and without one: its containers one after the other, each only
 * where the one before ended with 0.
 */
export async function runJob(built: unknown, surroundings: JobSurroundings): Promise<readonly ContainerEnd[]> {
  const { initContainers, containers } = job.parse(built).spec.template.spec;
  const runner = new Runner(surroundings);
  const ends: ContainerEnd[] = [];
  try {
    for (const one of [...initContainers, ...containers]) {
      const end = await runner.run(one);
      ends.push(end);
      if (end.exitCode !== 0) break;
    }
    return ends;
  } finally {
    runner.remove();
  }
}
