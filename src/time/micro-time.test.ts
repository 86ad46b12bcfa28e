import { expect, it } from 'vitest';
import { toKubeTime, toMicroTime } from './micro-time.ts';

it('writes times in the forms that Kubernetes reads', () => {
  const time = Date.UTC(2030, 0, 2, 3, 4, 5, 6);
  expect(toMicroTime(time)).toBe('2030-01-02T03:04:05.006000Z');
  expect(toKubeTime(time)).toBe('2030-01-02T03:04:05Z');
});
