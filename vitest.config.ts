import { defineConfig } from 'vitest/config';

/** Random stories take long: each part plays its own, on a processor of its own. Vitest would leave one of them to itself. */
const parts = ['1', '2'];
const storyParts = parts.map((part) => ({
  test: {
    name: `stories-${part}`,
    maxWorkers: parts.length,
    sequence: { groupOrder: 1 },
    include: ['test/simulation/**/*.stories.test.ts'],
    env: { REBOUND_STORIES_PART: part },
    testTimeout: 24 * 3_600_000,
  },
}));

/** They kill, restart or rebuild what all claims rest on, or take all of its capacity: a suite of their own. */
const wholeCluster = 'test/e2e/whole-cluster/**/*.test.ts';
const onNode = {
  globalSetup: ['test/e2e/global-setup.ts'],
  testTimeout: 400_000,
  hookTimeout: 1_800_000,
  fileParallelism: false,
};

export default defineConfig({
  test: {
    projects: [
      ...storyParts,
      {
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.ts',
            'test/cluster/**/*.test.ts',
            'test/demo/**/*.test.ts',
            'test/bench/**/*.test.ts',
            'test/invariants/**/*.test.ts',
          ],
          // Property tests take their time on a busy machine.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          globalSetup: ['test/integration/global-setup.ts'],
          testTimeout: 120_000,
          hookTimeout: 300_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: [wholeCluster],
          ...onNode,
        },
      },
      {
        test: {
          name: 'whole-cluster',
          include: [wholeCluster],
          ...onNode,
        },
      },
      {
        test: {
          name: 'upgrade',
          include: ['test/upgrade/**/*.test.ts'],
          testTimeout: 5_400_000,
          hookTimeout: 1_800_000,
        },
      },
      {
        test: {
          name: 'two-clusters',
          include: ['test/two-clusters/**/*.test.ts'],
          globalSetup: ['test/two-clusters/global-setup.ts'],
          testTimeout: 600_000,
          hookTimeout: 1_800_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
