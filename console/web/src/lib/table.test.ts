import { describe, expect, test } from 'vitest';
import { drawn, fitting, type Column } from './table';

const columns: Column[] = [
  { key: 'name', title: '', min: 160, drop: 0 },
  { key: 'app', title: '', min: 100, drop: 2 },
  { key: 'state', title: '', min: 100, drop: 0 },
  { key: 'age', title: '', min: 80, drop: 3 },
];

describe('fitting', () => {
  test.each([
    [1000, ['name', 'app', 'state', 'age']],
    [439, ['name', 'app', 'state']],
    [300, ['name', 'state']],
    [100, ['name', 'state']],
  ])('%i px', (width, want) => expect(fitting(columns, width).map((c) => c.key)).toEqual(want));
});

describe('drawn', () => {
  test.each([
    ['at the top', 10_000, 0, { from: 0, to: 30 }],
    ['in the middle', 10_000, 50_000, { from: 990, to: 1030 }],
    ['at the end', 10_000, 499_000, { from: 9970, to: 10_000 }],
    ['above the table', 10_000, -400, { from: 0, to: 30 }],
    ['few rows', 3, 0, { from: 0, to: 3 }],
    ['none', 0, 0, { from: 0, to: 0 }],
    ['scrolled beyond a list that shrank', 5, 50_000, { from: 5, to: 5 }],
  ])('%s', (_, count, above, want) => expect(drawn(count, 50, above, 1000)).toEqual(want));
});
