/**
 * Anyone who reaches the port may ask. An API server sends a claim in a few KiB and gets its answer within two seconds, so
 * that these are out of reach for a cluster that is rebuilt, and harmless for the memory of one process.
 */
export const BOUNDS: RequestBoundsOptions = {
  requests: 256,
  requestsPerClient: 128,
  bodyBytes: 64 * 1024 * 1024,
};

export interface RequestBoundsOptions {
  /** Requests under way. */
  readonly requests: number;
  /** Of these, from one address: one client alone does not keep the others out. */
  readonly requestsPerClient: number;
  /** Of all bodies that are held at the same time. */
  readonly bodyBytes: number;
}

/** The place of one request among those under way. */
export interface RequestPlace {
  /** Whether so much more of its body may be held. */
  readonly take: (bytes: number) => boolean;
  /** Gives back the place and all that was taken. */
  readonly leave: () => void;
}

/** Counts what is under way, and turns away what would be too much. */
export class RequestBounds {
  readonly #options: RequestBoundsOptions;
  readonly #byClient = new Map<string, number>();
  #requests = 0;
  #bytes = 0;

  constructor(options: RequestBoundsOptions = BOUNDS) {
    this.#options = options;
  }

  /** A place for one request; undefined when there is none left. */
  enter(client: string): RequestPlace | undefined {
    const ofClient = this.#byClient.get(client) ?? 0;
    if (this.#requests >= this.#options.requests || ofClient >= this.#options.requestsPerClient) return undefined;
    this.#requests += 1;
    this.#byClient.set(client, ofClient + 1);
    let taken = 0;
    return {
      take: (bytes) => {
        if (this.#bytes + bytes > this.#options.bodyBytes) return false;
        this.#bytes += bytes;
        taken += bytes;
        return true;
      },
      leave: () => {
        this.#bytes -= taken;
        this.#requests -= 1;
        this.#leave(client);
      },
    };
  }

  #leave(client: string): void {
    const left = (this.#byClient.get(client) ?? 0) - 1;
    if (left > 0) this.#byClient.set(client, left);
    else this.#byClient.delete(client);
  }
}
