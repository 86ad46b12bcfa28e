import { readFileSync } from 'node:fs';
import { dump, load } from 'js-yaml';
import { z } from 'zod';
import type { Fixture } from './fixture.ts';

const tokenAnswer = z.object({ status: z.object({ token: z.string() }) });
const kubeconfig = z.looseObject({ users: z.array(z.looseObject({ name: z.string() })) });

/** The administrator's kubeconfig with a token of a service account of rebound-system in place of its certificate. */
export async function serviceAccountKubeconfig({ client, plane }: Fixture, account: string): Promise<string> {
  const answer = await client.raw({
    method: 'POST',
    path: `/api/v1/namespaces/rebound-system/serviceaccounts/${account}/token`,
    body: { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: 7200 } },
  });
  const { token } = tokenAnswer.parse(JSON.parse(answer)).status;
  const config = kubeconfig.parse(load(readFileSync(plane.kubeconfigPath, 'utf8')));
  return dump({ ...config, users: config.users.map(({ name }) => ({ name, user: { token } })) });
}
