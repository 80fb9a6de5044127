import { expect, test } from 'vitest';
import { at, elapsed } from './time';

test.each([
  [-5, '0 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [250_000, '4 min 10 s'],
  [7_500_000, '2 h 5 min'],
  [86_400_000, '1 d'],
  [273_600_000, '3 d 4 h'],
])('%i ms', (ms, want) => expect(elapsed(ms)).toBe(want));

test.each([
  ['0001-01-01T00:00:00Z', undefined],
  ['', undefined],
  ['rubbish', undefined],
  ['1970-01-01T00:00:01Z', 1000],
])('at %s', (text, want) => expect(at(text)).toBe(want));
