/** How a reconcile ended, as data. What should simply be tried again, with growing delays, is thrown instead. */
export type Result =
  | { readonly kind: 'done' }
  | { readonly kind: 'requeueAfter'; readonly milliseconds: number }
  | { readonly kind: 'terminal'; readonly reason: string; readonly message: string };

/** Nothing to do until something changes. */
export function done(): Result {
  return { kind: 'done' };
}

/** Look again after a time, or earlier if something changes. Not a failure. */
export function requeueAfter(milliseconds: number): Result {
  return { kind: 'requeueAfter', milliseconds };
}

/** Trying again cannot help until something changes. The reason is one CamelCase word. */
export function terminal(reason: string, message: string): Result {
  return { kind: 'terminal', reason, message };
}
