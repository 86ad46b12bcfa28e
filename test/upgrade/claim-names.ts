import { formerNameForClaim } from '../../src/domain/object-names.ts';

/** Kubernetes allows 253. The local S3 keeps files, and writes one anew beside itself, under its name and some forty letters more. */
const LONGEST_IN_FILES = 200;

const filled = (start: string, length: number, end = ''): string => start.padEnd(length - end.length, 'x') + end;

/** Names of claims of which the names of other objects follow: with dots, long, alike, and with ends like a digest's. */
export const claimNames: readonly string[] = [
  'data.v1',
  filled('longest', LONGEST_IN_FILES, '-7'),
  'cache-0123456789abcdef',
  'data',
  'data-v1',
  'a',
  '0',
  'www-data-0',
  'pg.data.0',
  'cache-1234567890',
  'cache-12345678',
  'no.more.than.31.letters.in.this',
  filled('thirty-two', 32),
  filled('thirty-three', 33),
  filled('one-label', 63),
  filled('begins-alike-and-ends-otherwise', 63, '-1'),
  filled('begins-alike-and-ends-otherwise', 63, '-2'),
  filled('begins.alike.and.ends.otherwise', 64, '.1'),
  filled('begins.alike.and.ends.otherwise', 64, '.2'),
  filled('with.dots.and.long', 128, '.9'),
];

/** A claim's name that the first release gave to the schedule of the claim `data.v1`, without the `rebound-` before it. */
export const nameOfFormerSchedule = formerNameForClaim('data.v1').replace('rebound-', '');
