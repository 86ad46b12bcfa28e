import type { Place } from './plan-queue.ts';

/** So many are told their very place; of the others, it would be written again and again. */
export const TOLD_PLACES = 10;

/** The round number below a count, so that it seldom becomes another one. */
function roundedDown(count: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(1, count)));
  return [5, 2, 1].map((digit) => digit * power).find((round) => round <= count) ?? 1;
}

/** Where a mover stands that has to wait, and what for, a clause. */
export function placeInWords({ place, of, waitsFor }: Place): string {
  const where =
    place <= TOLD_PLACES
      ? `it has place ${place} of ${of}`
      : `it is not among the next ${TOLD_PLACES} of more than ${roundedDown(of - 1)}`;
  return `${where}, and ${waitsFor}`;
}
