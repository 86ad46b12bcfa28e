import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { z } from 'zod';

const deployment = z.object({
  kind: z.literal('Deployment'),
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([
          z.object({
            command: z.array(z.string()).default([]),
            env: z.array(z.object({ name: z.string(), value: z.string().optional() })),
          }),
        ]),
      }),
    }),
  }),
});

/** What a role's Deployment fixes for its process. */
export interface ShippedSettings {
  readonly environment: Readonly<Record<string, string>>;
  /** Flags for Node on the command line. */
  readonly nodeFlags: readonly string[];
}

/** Reads a role's Deployment, as far as it is fixed: what is measured is what ships. */
export function shippedSettings(role: 'controller' | 'webhook'): ShippedSettings {
  const path = join(import.meta.dirname, '..', '..', '..', 'manifests', role, 'deployment.yaml');
  const found = loadAll(readFileSync(path, 'utf8')).map((document) => deployment.safeParse(document));
  const [first] = found.flatMap(({ data }) => data ?? []);
  if (first === undefined) throw new Error(`${path} holds no Deployment with one container`);
  const [container] = first.spec.template.spec.containers;
  const fixed = container.env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const]));
  return {
    environment: Object.fromEntries(fixed),
    nodeFlags: container.command.filter((word) => word.startsWith('--')),
  };
}
