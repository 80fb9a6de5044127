import { describe, expect, test } from 'vitest';
import { appended, refreshed, type Paged } from './paged';

const list = (letters: string, next?: string, total = 9): Paged<string> => ({ items: [...letters], total, next });
const id = (s: string) => s;

test('a page is appended, rows that moved are not doubled', () => {
  expect(appended(list('abc', '3'), list('cde', '6'), id)).toEqual(list('abcde', '6'));
});

describe('read again', () => {
  test.each<[string, Paged<string> | undefined, Paged<string>, Paged<string>]>([
    ['for the first time', undefined, list('abc', '3'), list('abc', '3')],
    ['the rest stays', list('abcdef', '6'), list('axc', '3', 10), list('axcdef', '6', 10)],
    ['a row that moved up is there once', list('abcdef', '6'), list('abe', '3'), list('abedf', '6')],
    ['the whole list became short', list('abcdef', '6'), list('ab', undefined, 2), list('ab', undefined, 2)],
  ])('%s', (_, before, beginning, want) => expect(refreshed(before, beginning, id)).toEqual(want));
});
