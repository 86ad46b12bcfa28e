/** A map that tells how often it was changed. */
export class CountedMap<K, V> extends Map<K, V> {
  #changes = 0;

  get changes(): number {
    return this.#changes;
  }

  override set(key: K, value: V): this {
    this.#changes += 1;
    return super.set(key, value);
  }

  override delete(key: K): boolean {
    this.#changes += 1;
    return super.delete(key);
  }

  override clear(): void {
    this.#changes += 1;
    super.clear();
  }
}
