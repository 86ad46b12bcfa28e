import { expect, it } from 'vitest';
import { Cleanup } from './cleanup.ts';

it('undoes the last first, all of it, once, and does not hide an error', async () => {
  const order: string[] = [];
  const cleanup = new Cleanup();
  cleanup.add(() => order.push('first'));
  cleanup.add(async () => {
    order.push('second');
    throw new Error('second failed');
  });
  cleanup.add(() => order.push('third'));
  await expect(cleanup.run()).rejects.toThrow('second failed');
  await cleanup.run();
  expect(order).toEqual(['third', 'second', 'first']);
});
