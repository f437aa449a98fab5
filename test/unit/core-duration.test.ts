import { expect, test } from 'vitest';
import { DAY_MS, HOUR_MS, inWords, MINUTE_MS } from '../../core/duration.ts';

test.each([
  [15 * MINUTE_MS, '15 minutes'],
  [HOUR_MS, '1 hour'],
  [90 * MINUTE_MS, '90 minutes'],
  [24 * HOUR_MS, '24 hours'],
  [36 * HOUR_MS, '36 hours'],
  [7 * DAY_MS, '7 days'],
])('a lifetime of %i ms reads as "%s"', (milliseconds, words) => {
  expect(inWords(milliseconds)).toBe(words);
});
