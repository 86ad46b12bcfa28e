const newline = 0x0a;

export interface LineOptions {
  /** What to do with text after the last newline when the stream ends. */
  readonly unfinishedLine: 'yield' | 'drop';
  readonly maximumBytes: number;
  /** What becomes of a longer line: the reading ends with an error, or only the line's beginning is given. */
  readonly longLine: 'refuse' | 'cut';
}

/**
 * Cuts a byte stream into lines. Bytes are decoded only once a line is complete, so a chunk may end in the middle of
 * a character, and a line that arrives in many chunks is joined once. Never more than `maximumBytes` are kept of a line,
 * beside the chunk at hand.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, options: LineOptions): AsyncGenerator<string> {
  let line = new LineBuffer(options);
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      line.add(chunk.subarray(start, end));
      yield line.text;
      line = new LineBuffer(options);
      start = end + 1;
    }
    if (start < chunk.length) line.add(chunk.subarray(start));
  }
  if (!line.isEmpty && options.unfinishedLine === 'yield') yield line.text;
}

/** What has arrived of one line. */
class LineBuffer {
  readonly #options: LineOptions;
  readonly #pieces: Uint8Array[] = [];
  #bytes = 0;

  constructor(options: LineOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#bytes === 0;
  }

  get text(): string {
    return decode(this.#pieces);
  }

  add(piece: Uint8Array): void {
    const { maximumBytes, longLine } = this.#options;
    const room = maximumBytes - this.#bytes;
    if (piece.length > room && longLine === 'refuse') throw new Error(`a line is longer than ${maximumBytes} bytes`);
    const kept = piece.length > room ? piece.subarray(0, room) : piece;
    if (kept.length > 0) this.#pieces.push(kept);
    this.#bytes += kept.length;
  }
}

function decode(pieces: readonly Uint8Array[]): string {
  const [first] = pieces;
  if (first === undefined) return '';
  const line =
    pieces.length === 1 ? Buffer.from(first.buffer, first.byteOffset, first.length) : Buffer.concat([...pieces]);
  const hasReturn = line[line.length - 1] === 0x0d;
  return line.toString('utf8', 0, hasReturn ? line.length - 1 : line.length);
}
