import { expect, it } from 'vitest';
import { renderReport } from './render.ts';
import { judge, series } from './report.ts';

it('shows medians with their samples, what follows from them, and what was missed', () => {
  const text = renderReport({
    bench: 'restore',
    startedAt: '2026-01-02T03:04:05Z',
    durationSeconds: 61.7,
    machine: { cpuCount: 2, cpuModel: 'Some CPU', memoryGiB: 24, system: 'linux x64', node: '24.0.0' },
    settings: { files: 1002 },
    variants: {
      VolSync: { createToBoundSeconds: series([12, 11, 13]) },
      Rebound: { createToBoundSeconds: series([9, 8, 10]), rssMiB: series([6, 1, 2, 3, 4, 5]) },
    },
    ratios: { 'Rebound / VolSync': 0.75 },
    targets: [judge({ name: 'Rebound / VolSync', value: 0.75, limit: 0.65, comparison: 'at most' })],
    notes: ['one node'],
  });
  expect(text).toBe(
    `restore, 2026-01-02T03:04:05Z, took 62 s
2 x Some CPU, 24 GiB, linux x64, Node 24.0.0
files: 1002

median (samples)  createToBoundSeconds               rssMiB
----------------  --------------------  -------------------
VolSync                  12 (12 11 13)
Rebound                     9 (9 8 10)  3.5 (6 from 1 to 6)

derived            value
-----------------  -----
Rebound / VolSync   0.75

target             value  limit
-----------------  -----  ------------  ------
Rebound / VolSync   0.75  at most 0.65  MISSED

Note: one node`,
  );
});
