const DAY_MILLISECONDS = 86_400_000;

export interface NewStoreFacts {
  /** Whether `spec.identity` says which store it must be. */
  readonly isPinned: boolean;
  /** When the store was given its identity, RFC 3339. */
  readonly initializedTime?: string | undefined;
  readonly nowMilliseconds: number;
}

/**
 * What has to be said with every blank start for a day after a store got its identity: on a rebuilt cluster a mistyped
 * bucket or prefix looks just the same. Undefined where nothing has to be said.
 */
export function newStoreWarning({ isPinned, initializedTime, nowMilliseconds }: NewStoreFacts): string | undefined {
  if (isPinned || initializedTime === undefined) return undefined;
  const ageMilliseconds = nowMilliseconds - Date.parse(initializedTime);
  if (!(ageMilliseconds < DAY_MILLISECONDS)) return undefined;
  return `New store, identity not pinned: it was given its identity at ${initializedTime}. If this cluster had backups before, look whether bucket and prefix are right; then copy status.identity into spec.identity`;
}
