/** Distinct strings that are remembered; those that many objects share come back often enough to stay. */
const DEFAULT_CAPACITY = 2_048;

/**
 * Finds an equal string that is in memory already. JSON.parse makes every text anew, and objects of a kind have most of
 * theirs in common: API versions, reasons, messages, times. What was not asked for lately is forgotten.
 */
export class StringPool {
  readonly #capacity: number;
  #recent = new Map<string, string>();
  #earlier = new Map<string, string>();

  constructor(capacity = DEFAULT_CAPACITY) {
    this.#capacity = capacity;
  }

  /** The first string seen that equals this one. */
  share(text: string): string {
    const known = this.#recent.get(text);
    if (known !== undefined) return known;
    const shared = this.#earlier.get(text) ?? text;
    if (this.#recent.size >= this.#capacity) {
      this.#earlier = this.#recent;
      this.#recent = new Map();
    }
    this.#recent.set(shared, shared);
    return shared;
  }

  /** Replaces every string inside plain data by its shared one. Nobody sees a difference but the memory. */
  shareAll(value: unknown): void {
    if (typeof value !== 'object' || value === null) return;
    for (const [key, field] of Object.entries(value)) {
      if (typeof field === 'string') Reflect.set(value, key, this.share(field));
      else this.shareAll(field);
    }
  }
}
