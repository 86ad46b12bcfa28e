import type { KubeClient } from '../../../src/kube/client/client.ts';
import { poll } from '../../cluster/poll.ts';
import { claimManifest, createClaim } from './fixture.ts';

/** What a labelled claim is told that nobody decided on. */
export const refusal = /has the label "backup", but Rebound has not decided/;

/** Metadata of a claim that was decided on, with this token. */
export const decided = (token: string): object => ({
  annotations: { 'rebound.dev/decision': 'fresh', 'rebound.dev/decision-token': token },
});

/** Waits until the API server refuses claims in a namespace that nobody decided on. */
export const untilEnforced = (client: KubeClient, namespace: string): Promise<unknown> =>
  poll({ what: 'the policy to be enforced', timeoutSeconds: 30 }, async () =>
    createClaim(client, claimManifest({ namespace, generateName: 'probe-' }), true).then(
      () => false,
      (error: unknown) => refusal.test(String(error)),
    ),
  );
