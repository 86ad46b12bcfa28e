import type { KubeClient } from '../../../src/kube/client/client.ts';
import type { PersistentVolumeClaim } from '../../../src/kube/model/built-in-kinds.ts';
import { claimManifest, createClaim } from './fixture.ts';

/** Claims that are created again and again until told to stop. */
export interface Load {
  /** How many were created so far. */
  readonly created: () => number;
  /** What went wrong so far, one sentence each. */
  readonly failures: readonly string[];
  readonly stop: () => Promise<readonly PersistentVolumeClaim[]>;
}

export interface LoadOptions {
  /** Each has its own connections to the API server. */
  readonly clients: readonly KubeClient[];
  readonly namespace: string;
  readonly concurrency: number;
  /** Bursts with a pause after each, so that connections fall idle; none if not given. */
  readonly pauseMilliseconds?: number;
}

const BURST = 20;

export function startLoad({ clients, namespace, concurrency, pauseMilliseconds }: LoadOptions): Load {
  const failures: string[] = [];
  const claims: PersistentVolumeClaim[] = [];
  let isOver = false;
  const worker = async (index: number): Promise<void> => {
    const client = clients[index % clients.length];
    for (let count = 0; !isOver && client !== undefined; count += 1) {
      const manifest = claimManifest({ namespace, name: `load-${index}-${count}` });
      await createClaim(client, manifest).then(
        (claim) => claims.push(claim),
        (error: unknown) => failures.push(String(error)),
      );
      if (pauseMilliseconds !== undefined && count % BURST === BURST - 1) {
        await new Promise((resolve) => setTimeout(resolve, pauseMilliseconds));
      }
    }
  };
  const workers = Array.from({ length: concurrency }, (_, index) => worker(index));
  return {
    created: () => claims.length,
    failures,
    stop: async () => {
      isOver = true;
      await Promise.all(workers);
      return claims;
    },
  };
}
