import { type ReplicationSource, replicationSources } from '../../src/engines/volsync/kinds.ts';
import { sourceClaimOf } from '../../src/engines/volsync/replication-source.ts';
import { Reflector } from '../../src/kube/cache/reflector.ts';
import { createLogger } from '../../src/runtime/logging.ts';
import type { Workspace } from '../e2e/support/workspace.ts';

/** Watches the schedules of a namespace, and remembers the claims that had two at any time. */
export class ScheduleHistory {
  readonly #reflector: Reflector<ReplicationSource>;
  readonly #claimsWithTwo = new Set<string>();

  constructor({ client, namespace }: Workspace) {
    const logger = createLogger({ level: 'silent' });
    this.#reflector = new Reflector({ client, kind: replicationSources, namespace, logger });
    this.#reflector.subscribe(() => this.#look());
    this.#reflector.start();
  }

  /** The claims that two schedules backed up at once. */
  get claimsWithTwo(): readonly string[] {
    return [...this.#claimsWithTwo];
  }

  stop(): Promise<void> {
    return this.#reflector.stop();
  }

  #look(): void {
    const claims = this.#reflector.store.list().map(sourceClaimOf);
    for (const claim of claims) if (claims.indexOf(claim) !== claims.lastIndexOf(claim)) this.#claimsWithTwo.add(claim);
  }
}
