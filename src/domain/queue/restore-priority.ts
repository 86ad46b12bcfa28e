import { z } from 'zod';

const priority = z
  .string()
  .regex(/^-?\d{1,3}$/)
  .transform(Number)
  .refine((value) => Math.abs(value) <= 100);

/** What an annotation says of how urgent a restore is; `problem`: a clause, where it can't be understood, and counts as 0. */
export interface RestorePriority {
  readonly priority: number;
  readonly problem?: string | undefined;
}

/** Reads the annotation of a claim, or of its namespace. Without it, the priority is 0. */
export function restorePriority(text: string | undefined): RestorePriority {
  if (text === undefined) return { priority: 0 };
  const parsed = priority.safeParse(text);
  if (parsed.success) return { priority: parsed.data };
  return { priority: 0, problem: `it can only be a whole number from -100 to 100, not ${JSON.stringify(text)}` };
}
