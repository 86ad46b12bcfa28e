/** The demo did not show what it claims to show: the message says what differs or what did not come in time. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}
