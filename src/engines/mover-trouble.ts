/** What keeps a mover from doing its work, and what a person can do about it. */
export interface MoverTrouble {
  /** `failed`: it ran and ended with an error. `stuck`: it can't begin. `silent`: it runs and says nothing. */
  readonly kind: 'failed' | 'stuck' | 'silent';
  /** One sentence, with its full stop. Holds the words of whoever refused or failed. */
  readonly message: string;
  /** One or more sentences. */
  readonly advice?: string | undefined;
}

/** What is wrong, and what to do about it where that is known. */
export const troubleInWords = ({ message, advice }: Pick<MoverTrouble, 'message' | 'advice'>): string =>
  advice === undefined ? message : `${message} ${advice}`;

/** How long a mover is given to start before it is asked what keeps it. */
export const MOVER_PATIENCE_MILLISECONDS = 60_000;
