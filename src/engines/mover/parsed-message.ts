import type { z } from 'zod';

/** What a container of ours wrote into its termination message; undefined where it was cut short or is something else. */
export function parsedMessage<Schema extends z.ZodType>(schema: Schema, message: string): z.infer<Schema> | undefined {
  try {
    return schema.safeParse(JSON.parse(message)).data;
  } catch {
    return undefined;
  }
}
