/** The API server cuts longer warnings (https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/). */
export const WARNING_CHARACTERS = 256;
/** Long enough for every sentence of ours, short enough for an annotation that people read. */
export const REASON_CHARACTERS = 512;
/** Of a denial's message, which may repeat what a user wrote. */
export const DENIAL_CHARACTERS = 1024;

const ELLIPSIS = '...';

/** One line of at most so many characters: line ends and control characters become blanks, the end is cut off. */
export function singleLine(text: string, maximumCharacters: number): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, ' ').trim();
  if (line.length <= maximumCharacters) return line;
  return line.slice(0, maximumCharacters - ELLIPSIS.length).toWellFormed() + ELLIPSIS;
}
