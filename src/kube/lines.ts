const newline = 0x0a;

export interface LineOptions {
  /** What to do with text after the last newline when the stream ends. */
  readonly unfinishedLine: 'yield' | 'drop';
  /** A longer line ends the reading with an error. */
  readonly maximumBytes: number;
}

/**
 * Cuts a byte stream into lines. Bytes are decoded only once a line is complete, so a chunk may end in the middle of
 * a character, and a line that arrives in many chunks is joined once.
 */
export async function* readLines(chunks: AsyncIterable<Uint8Array>, options: LineOptions): AsyncGenerator<string> {
  let pieces: Uint8Array[] = [];
  let pieceBytes = 0;
  for await (const chunk of chunks) {
    let start = 0;
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      yield decode(pieces, chunk.subarray(start, end));
      pieces = [];
      pieceBytes = 0;
      start = end + 1;
    }
    pieceBytes += chunk.length - start;
    if (pieceBytes > options.maximumBytes) throw new Error(`a line is longer than ${options.maximumBytes} bytes`);
    if (start < chunk.length) pieces.push(chunk.subarray(start));
  }
  if (pieces.length > 0 && options.unfinishedLine === 'yield') yield decode(pieces, new Uint8Array());
}

function decode(pieces: readonly Uint8Array[], last: Uint8Array): string {
  const line =
    pieces.length === 0 ? Buffer.from(last.buffer, last.byteOffset, last.length) : Buffer.concat([...pieces, last]);
  const hasReturn = line.length > 0 && line[line.length - 1] === 0x0d;
  return line.toString('utf8', 0, hasReturn ? line.length - 1 : line.length);
}
