import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadAll } from 'js-yaml';
import { z } from 'zod';

const deployment = z.object({
  kind: z.literal('Deployment'),
  spec: z.object({
    template: z.object({
      spec: z.object({
        containers: z.tuple([z.object({ env: z.array(z.object({ name: z.string(), value: z.string().optional() })) })]),
      }),
    }),
  }),
});

/** The environment that a role's Deployment gives it, as far as it is fixed: what is measured is what ships. */
export function shippedEnvironment(role: 'controller' | 'webhook'): Readonly<Record<string, string>> {
  const path = join(import.meta.dirname, '..', '..', '..', 'manifests', role, 'deployment.yaml');
  const found = loadAll(readFileSync(path, 'utf8')).map((document) => deployment.safeParse(document));
  const [first] = found.flatMap(({ data }) => data ?? []);
  if (first === undefined) throw new Error(`${path} holds no Deployment with one container`);
  const [container] = first.spec.template.spec.containers;
  return Object.fromEntries(
    container.env.flatMap(({ name, value }) => (value === undefined ? [] : [[name, value] as const])),
  );
}
