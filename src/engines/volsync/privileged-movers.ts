import { namespaces } from '../../kube/model/built-in-kinds.ts';
import type { KubeClient } from '../../kube/client/client.ts';

/** By it an administrator allows movers that are root (internal/controller/utils/utils.go, v0.14). */
const PRIVILEGED_MOVERS_ANNOTATION = 'volsync.backube/privileged-movers';

/** An annotation that comes or goes is noticed within this time. */
const KNOWN_FOR_MILLISECONDS = 60_000;

interface Known {
  readonly allowed: boolean;
  readonly untilMilliseconds: number;
}

/** Knows in which namespaces VolSync makes every mover root, with the right to give files away. */
export class PrivilegedMovers {
  readonly #client: Pick<KubeClient, 'get'>;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  constructor(client: Pick<KubeClient, 'get'>, now: () => number) {
    this.#client = client;
    this.#now = now;
  }

  /** @throws KubeError when the namespace can't be read. */
  async allowedIn(namespace: string): Promise<boolean> {
    const known = this.#known.get(namespace);
    if (known !== undefined && known.untilMilliseconds > this.#now()) return known.allowed;
    const found = await this.#client.get(namespaces, { name: namespace });
    const allowed = found?.metadata.annotations?.[PRIVILEGED_MOVERS_ANNOTATION] === 'true';
    if (found === undefined) this.#known.delete(namespace);
    else this.#known.set(namespace, { allowed, untilMilliseconds: this.#now() + KNOWN_FOR_MILLISECONDS });
    return allowed;
  }
}
