const BACKSLASH = 0x5c;
const OCTAL = /^[0-7]{3}/;

// Go's strconv.Quote (strconv/quote.go, 1.26): what it writes for one byte after a backslash.
const SINGLE: Readonly<Record<string, number>> = {
  a: 7,
  b: 8,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': BACKSLASH,
  "'": 0x27,
  '"': 0x22,
};
const HEX_DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

interface Escape {
  readonly bytes: Uint8Array;
  /** Of the quoted text, after the backslash. */
  readonly length: number;
}

/** `\xff` is one byte, `\u` and `\U` are a letter. */
function hexEscape(kind: string, rest: string): Escape | undefined {
  const digits = HEX_DIGITS[kind] ?? 0;
  const hex = rest.slice(1, 1 + digits);
  if (hex.length !== digits || !/^[0-9a-fA-F]+$/.test(hex)) return undefined;
  const code = Number.parseInt(hex, 16);
  if (code > 0x10ffff) return undefined;
  const bytes = kind === 'x' ? Uint8Array.of(code) : Buffer.from(String.fromCodePoint(code), 'utf8');
  return { bytes, length: 1 + digits };
}

function escapeAt(rest: string): Escape | undefined {
  const kind = rest.charAt(0);
  const single = SINGLE[kind];
  if (single !== undefined) return { bytes: Uint8Array.of(single), length: 1 };
  const octal = OCTAL.exec(rest)?.[0];
  if (octal !== undefined) return { bytes: Uint8Array.of(Number.parseInt(octal, 8) & 0xff), length: 3 };
  return kind in HEX_DIGITS ? hexEscape(kind, rest) : undefined;
}

/**
 * The bytes of a file's name, from the way restic stores it: as Go quotes text, without the quotes (internal/restic/node.go,
 * `MarshalJSON`). Undefined for what Go would not write.
 */
export function unquoteName(quoted: string): Buffer | undefined {
  if (!quoted.includes('\\')) return Buffer.from(quoted, 'utf8');
  const parts: Uint8Array[] = [];
  let rest = quoted;
  for (let at = rest.indexOf('\\'); at >= 0; at = rest.indexOf('\\')) {
    parts.push(Buffer.from(rest.slice(0, at), 'utf8'));
    const escape = escapeAt(rest.slice(at + 1));
    if (escape === undefined) return undefined;
    parts.push(escape.bytes);
    rest = rest.slice(at + 1 + escape.length);
  }
  return Buffer.concat([...parts, Buffer.from(rest, 'utf8')]);
}
