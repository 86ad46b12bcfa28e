import { expect, it } from 'vitest';
import { freedBytes } from './prune-log.ts';

const log = (freed: string) => `to repack:             0 blobs / 0 B
this removes:          0 blobs / 0 B
to delete:            10 blobs / 5.724 MiB
total prune:          10 blobs / ${freed}
remaining:             4 blobs / 2.862 MiB
`;

it.each([
  ['0 B', 0],
  ['512 B', 512],
  ['1.500 KiB', 1536],
  ['5.724 MiB', 6_002_049],
  ['2.000 GiB', 2 * 1024 ** 3],
  ['1.000 TiB', 1024 ** 4],
])('understands %s', (text, bytes) => {
  expect(freedBytes(log(text))).toBe(bytes);
});

it.each(['', log('much'), 'Fatal: unable to create lock in backend'])('does not guess', (text) => {
  expect(freedBytes(text)).toBeUndefined();
});
