import { join } from 'node:path';

import type { ClusterProvider, Report } from '../cluster/provider.ts';
import type { Evidence } from './evidence.ts';

/** Runs kubectl as a person at the terminal would, and returns what it prints. Rejects with its own message when it fails. */
export type Kubectl = (words: readonly string[], input?: string) => Promise<string>;

/** An application of the demo. It does not know of Rebound: only its manifest carries the label. */
export interface DemoApplication {
  readonly title: string;
  readonly namespace: string;
  readonly claimName: string;
  /** File name in apps/. */
  readonly manifest: string;
  /** What to wait for, as kubectl names it. */
  readonly workload: string;
  /** Builds its image on first use, and loads it into the cluster. */
  readonly loadImage: (provider: ClusterProvider, report: Report) => Promise<unknown>;
  /** Puts data into the running application, and says what. */
  readonly fill: (kubectl: Kubectl) => Promise<string>;
  /** Measures the data inside the running application. */
  readonly measure: (kubectl: Kubectl) => Promise<Evidence>;
}

export function manifestPath({ manifest }: DemoApplication): string {
  return join(import.meta.dirname, 'apps', manifest);
}
