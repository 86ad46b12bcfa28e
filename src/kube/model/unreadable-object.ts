/** The object exists, but its content does not have the expected shape: it must not be taken for absent. */
export class UnreadableObjectError extends Error {
  override readonly name = 'UnreadableObjectError';
}
