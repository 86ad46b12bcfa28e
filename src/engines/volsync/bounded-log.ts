import { isTelling } from './mover-log.ts';

/** Lines of a mover's log that are kept: the result comes last, after its progress lines. */
const LARGEST_LINES = 500;
/** In UTF-16 code units: two bytes each at most. */
const LARGEST_LENGTH = 128 * 1024;
/** Lines that are kept wherever they stood: the first ones that name what is restored, and what went wrong. */
const LARGEST_TELLING_LINES = 8;

/** The end of a log, and the first telling lines before it, in at most some 256 KiB however much is said. */
export class BoundedLog {
  readonly #telling: string[] = [];
  #lines: string[] = [];
  #length = 0;

  add(line: string): void {
    this.#lines.push(line);
    this.#length += line.length;
    if (this.#lines.length > LARGEST_LINES || this.#length > LARGEST_LENGTH) this.#dropEarlierHalf();
  }

  get text(): string {
    return [...this.#telling, ...this.#lines].join('\n');
  }

  #dropEarlierHalf(): void {
    const kept = Math.floor(this.#lines.length / 2);
    for (const line of this.#lines.slice(0, -kept)) {
      if (this.#telling.length < LARGEST_TELLING_LINES && isTelling(line)) this.#telling.push(line);
    }
    this.#lines = this.#lines.slice(-kept);
    this.#length = this.#lines.reduce((sum, line) => sum + line.length, 0);
  }
}
