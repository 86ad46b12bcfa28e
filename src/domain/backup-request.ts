/** What decides whether the engine is told to back up now. */
export interface BackupRequestFacts {
  /** Value of the annotation rebound.dev/backup-now; any new value is a request. */
  readonly asked?: string | undefined;
  /** The last value that was carried out. */
  readonly carriedOut?: string | undefined;
  /** The last value that the engine says it carried out. */
  readonly engineCarriedOut?: string | undefined;
  /** The value that the engine has been told to carry out. */
  readonly engineTold?: string | undefined;
  /** True while the engine backs up. */
  readonly engineBusy: boolean;
}

export type BackupRequestDecision =
  | { readonly kind: 'none' }
  | { readonly kind: 'carriedOut'; readonly request: string }
  /** A backup that began before the request is under way: it may lack what the user wants to keep. Tell the engine later. */
  | { readonly kind: 'wait' }
  | { readonly kind: 'tell'; readonly request: string };

/**
 * Decides what becomes of a request for a backup now. The engine counts a request as carried out when the backup under way
 * ends, even if that one began before the request came, so a request is held back while the engine is busy.
 */
export function decideBackupRequest(facts: BackupRequestFacts): BackupRequestDecision {
  const { asked, carriedOut, engineCarriedOut, engineTold, engineBusy } = facts;
  if (asked === undefined || asked === '' || asked === carriedOut) return { kind: 'none' };
  if (asked === engineCarriedOut) return { kind: 'carriedOut', request: asked };
  return engineBusy && asked !== engineTold ? { kind: 'wait' } : { kind: 'tell', request: asked };
}
