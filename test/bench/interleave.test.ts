import { expect, it } from 'vitest';
import { interleave } from './interleave.ts';

it('takes turns, and keeps the samples of each variant in order', async () => {
  const order: string[] = [];
  const variant = (name: string) => ({
    name,
    run: async (repetition: number) => {
      order.push(name);
      return `${name}${repetition}`;
    },
  });
  const samples = await interleave([variant('A'), variant('B')], 3);
  expect(order).toEqual(['A', 'B', 'A', 'B', 'A', 'B']);
  expect([...samples]).toEqual([
    ['A', ['A1', 'A2', 'A3']],
    ['B', ['B1', 'B2', 'B3']],
  ]);
});
