/** An element of a small XML document: its name without a namespace prefix, its text, and its child elements. */
export type XmlElement = { readonly name: string; readonly text: string; readonly children: readonly XmlElement[] };

/** Thrown for a document that is not whole, well-formed and of the plain kind that S3 servers write. */
export class XmlError extends Error {}

const MAXIMUM_DEPTH = 8;
const NAMED_ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
const ENTITY = /&(?:#x([0-9A-Fa-f]{1,6})|#([0-9]{1,7})|([A-Za-z]+));/y;
const OPEN_TAG =
  /<((?:[A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*))((?:\s+[A-Za-z_][\w.:-]*\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/y;
const CLOSE_TAG = /<\/([A-Za-z_][\w.:-]*)\s*>/y;
const DECLARATION = /^\uFEFF?\s*(?:<\?xml\s[^<>]*\?>)?\s*/;

const codePoint = (value: number): string => {
  if (value === 0 || value > 0x10ffff) throw new XmlError('a character reference to no character');
  return String.fromCodePoint(value);
};

const entity = (text: string, at: number): { readonly value: string; readonly end: number } => {
  ENTITY.lastIndex = at;
  const match = ENTITY.exec(text);
  if (match === null) throw new XmlError('a bare ampersand');
  const [whole, hex, decimal, name] = match;
  const end = at + whole.length;
  if (hex !== undefined) return { value: codePoint(Number.parseInt(hex, 16)), end };
  if (decimal !== undefined) return { value: codePoint(Number(decimal)), end };
  const value = NAMED_ENTITIES[name ?? ''];
  if (value === undefined) throw new XmlError('an unknown entity');
  return { value, end };
};

const unescape = (text: string): string => {
  let at = text.indexOf('&');
  if (at < 0) return text;
  let result = text.slice(0, at);
  while (at < text.length) {
    const { value, end } = entity(text, at);
    const next = text.indexOf('&', end);
    at = next < 0 ? text.length : next;
    result += value + text.slice(end, at);
  }
  return result;
};

type Open = { readonly tag: string; readonly element: { name: string; text: string; children: XmlElement[] } };

const matchAt = (pattern: RegExp, text: string, at: number): RegExpExecArray => {
  pattern.lastIndex = at;
  const match = pattern.exec(text);
  if (match === null) throw new XmlError('markup that is cut off or of a kind that S3 servers do not write');
  return match;
};

const openElement = (stack: Open[], match: RegExpExecArray): Open => {
  if (stack.length >= MAXIMUM_DEPTH) throw new XmlError('elements nested too deep');
  const open = { tag: match[1] ?? '', element: { name: match[2] ?? '', text: '', children: [] } };
  stack.at(-1)?.element.children.push(open.element);
  return open;
};

/** Consumes the tag at `at`, keeping the stack of open elements. Returns where it ends. */
const readTag = (text: string, at: number, stack: Open[]): number => {
  if (text.startsWith('</', at)) {
    const match = matchAt(CLOSE_TAG, text, at);
    if (stack.length < 2 || stack.pop()?.tag !== match[1]) throw new XmlError('an end tag that closes another element');
    return at + match[0].length;
  }
  const match = matchAt(OPEN_TAG, text, at);
  const open = openElement(stack, match);
  if (match[4] === '') stack.push(open);
  return at + match[0].length;
};

/**
 * Reads a complete XML document of elements and text. Attributes are checked for form and dropped; comments, CDATA,
 * processing instructions and document types are refused, so there are no entities to expand.
 * @throws XmlError when the text is anything else, or ends early.
 */
export const parseXml = (text: string): XmlElement => {
  const document: Open = { tag: '', element: { name: '', text: '', children: [] } };
  const stack: Open[] = [document];
  let at = DECLARATION.exec(text)?.[0].length ?? 0;
  do {
    at = readTag(text, at, stack);
    const inner = stack.at(-1);
    if (inner === undefined || inner === document) break;
    const next = text.indexOf('<', at);
    if (next < 0) throw new XmlError('the document is cut off');
    inner.element.text += unescape(text.slice(at, next));
    at = next;
  } while (at < text.length);
  const root = document.element.children[0];
  if (root === undefined || text.slice(at).trim() !== '') throw new XmlError('it is not one whole document');
  return root;
};
