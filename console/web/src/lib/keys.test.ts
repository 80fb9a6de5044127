import { expect, test } from 'vitest';
import { Sequence, sequenceTimeout, type Key } from './keys';

const key = (keys: string): Key => ({ keys, does: keys, run: () => {} });
const keys = [key('?'), key('g c'), key('g a'), key('c')];

function typed(...presses: [string, number][]) {
  const sequence = new Sequence();
  return presses.map(([c, at]) => sequence.press(c, keys, at)?.keys);
}

test('a single character', () => expect(typed(['?', 0])).toEqual(['?']));
test('a sequence', () => expect(typed(['g', 0], ['a', 100])).toEqual([undefined, 'g a']));
test('a sequence wins over its last character', () => expect(typed(['g', 0], ['c', 100])).toEqual([undefined, 'g c']));
test('a sequence that took too long', () => expect(typed(['g', 0], ['c', sequenceTimeout])).toEqual([undefined, 'c']));
test('a sequence that leads nowhere is forgotten', () => expect(typed(['g', 0], ['x', 1], ['a', 2])).toEqual([undefined, undefined, undefined]));
