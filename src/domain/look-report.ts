import { z } from 'zod';

/** As many names as a message can hold are enough to tell what a folder is. */
const MOST_NAMES = 10;
/** A termination message has 4096 bytes (Kubernetes, TerminationMessagePath), and a letter may take twelve in JSON. */
const LONGEST_NAME = 30;

/**
 * What a new, empty volume may hold at its top: what ext4 makes, and the folder by which NetApp's filers show the volume's
 * snapshots (Trident, `snapshotDirectory`), which cannot be written.
 */
export const NATURAL_NAMES: readonly string[] = ['lost+found', '.snapshot'];

/** What a look into a volume found at its top, beside what a new volume may hold: the first names, shortened, and whether there are more. */
export const lookReport = z.object({ names: z.array(z.string()).readonly(), hasMore: z.boolean() }).readonly();

export type LookReport = z.infer<typeof lookReport>;

/** Takes note of one more name. Nothing more has to be read once `hasMore` is true. */
export function noteName({ names, hasMore }: LookReport, name: string): LookReport {
  if (NATURAL_NAMES.includes(name)) return { names, hasMore };
  return names.length < MOST_NAMES ? { names: [...names, shortened(name)], hasMore } : { names, hasMore: true };
}

export const nothingFound: LookReport = { names: [], hasMore: false };

export const isEmpty = ({ names, hasMore }: LookReport): boolean => names.length === 0 && !hasMore;

/** `a, b, c and more`. */
export const inWords = ({ names, hasMore }: LookReport): string => `${names.join(', ')}${hasMore ? ' and more' : ''}`;

function shortened(name: string): string {
  const letters = Array.from(name.replaceAll(/\p{C}/gu, '?'));
  return letters.length <= LONGEST_NAME ? letters.join('') : `${letters.slice(0, LONGEST_NAME - 1).join('')}…`;
}
