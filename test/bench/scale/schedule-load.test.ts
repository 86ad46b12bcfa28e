import { expect, it } from 'vitest';
import { minuteLoad } from './schedule-load.ts';

it('counts the first and the last minute, and every start of a schedule', () => {
  expect(minuteLoad(['0 * * * *', '0 * * * *', '59 * * * *'], 1)).toEqual({ peakPerMinute: 2, meanPerMinute: 3 / 60 });
  expect(minuteLoad(['7 * * * *'], 2)).toEqual({ peakPerMinute: 1, meanPerMinute: 2 / 120 });
});

it('takes the mean over the window that schedules are spread over', () => {
  expect(minuteLoad(['0 5 * * *', '59 5 * * *', '59 5 * * *'], 6)).toEqual({
    peakPerMinute: 2,
    meanPerMinute: 3 / 360,
  });
});
