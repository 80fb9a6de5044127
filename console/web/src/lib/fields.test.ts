import { describe, expect, test } from 'vitest';
import { control, fieldOf, grouped, sent, toggled, wrong, type Item } from './fields';

const item = (more: Partial<Item> = {}): Item => ({ path: 'env.x', key: 'x', type: 'integer', ...more });

describe('control', () => {
  test.each<[Partial<Item>, string]>([
    [{ type: 'integer' }, 'number'],
    [{ type: 'integer', range: [1, 2] }, 'choice'],
    [{ type: 'string', range: ['a'], multichoice: true }, 'choices'],
    [{ type: 'boolean' }, 'switch'],
    [{ type: 'password', range: ['a'] }, 'secret'],
    [{ type: 'accesskey' }, 'secret'],
    [{ type: 'array' }, 'list'],
    [{ type: 'string', default: ['a'] }, 'list'],
    [{ type: 'string', default: 'a\nb' }, 'long'],
    [{ type: 'vxnet' }, 'text'],
  ])('%j', (more, want) => expect(control(item(more))).toBe(want));
});

describe('wrong', () => {
  test.each<[string, Partial<Item>, string | undefined, string | undefined]>([
    ['nothing typed', {}, undefined, undefined],
    ['required', { required: true }, undefined, 'required'],
    ['required with a default', { required: true, default: 3 }, undefined, undefined],
    ['not an integer', {}, '1.5', 'integer'],
    ['a word', {}, 'many', 'integer'],
    ['an integer', {}, '-3', undefined],
    ['below', { min: 16 }, '15', 'least'],
    ['above', { max: 16 }, '17', 'most'],
    ['off step', { min: 20, step: 10 }, '25', 'step'],
    ['on step', { min: 20, step: 10 }, '30', undefined],
    ['the default is fine outside its bounds', { min: 16, default: 1 }, '1', undefined],
    ['out of range', { range: [1, 3, 5] }, '4', 'range'],
    ['in range', { range: [1, 3, 5] }, '5', undefined],
    ['number', { type: 'number' }, '1e3', undefined],
    ['not a number', { type: 'number' }, 'Infinity', 'number'],
    ['pattern', { type: 'string', pattern: '^[a-z]+$' }, 'A', 'pattern'],
    ['a pattern of another engine', { type: 'string', pattern: '(?i)a(?<' }, 'b', undefined],
    ['choices', { type: 'string', range: ['a', 'b'], multichoice: true, separator: ' ' }, 'a b', undefined],
    ['a choice too many', { type: 'string', range: ['a', 'b'], multichoice: true }, 'a,c', 'range'],
    ['a list', { type: 'array' }, '["a"]', undefined],
    ['not a list', { type: 'array' }, 'a', 'list'],
  ])('%s', (_, more, typed, want) => expect(wrong(item(more), typed)?.key).toBe(want));
});

test('sent has what differs from the defaults, in its own type', () => {
  const items = [
    item({ path: 'a.n', key: 'n', default: 1 }),
    item({ path: 'a.same', key: 'same', default: 1 }),
    item({ path: 'a.b', key: 'b', type: 'boolean', default: false }),
    item({ path: 'a.s', key: 's', type: 'string', default: 'full' }),
    item({ path: 'a.l', key: 'l', type: 'array' }),
    item({ path: 'a.untouched', key: 'untouched' }),
    item({ path: 'a.wrong', key: 'wrong' }),
    item({ path: 'a.emptied', key: 'emptied', default: 2 }),
  ];
  const typed = { 'a.n': '3', 'a.same': '1', 'a.b': 'true', 'a.s': '', 'a.l': '["x"]', 'a.wrong': 'x', 'a.emptied': '' };
  expect(sent(items, typed)).toEqual({ 'a.n': 3, 'a.b': true, 'a.s': '', 'a.l': ['x'], 'a.wrong': 'x' });
});

test('grouped keeps the order, also for keys with dots', () => {
  const groups = grouped(
    [item({ path: 'cluster.name', key: 'name' }), item({ path: 'cluster.node.cpu', key: 'cpu' }), item({ path: 'env.a.b', key: 'a.b' })],
    { 'cluster.node': { label: 'Node' } },
  );
  expect(groups.map((g) => [g.path, g.label])).toEqual([['cluster', 'cluster'], ['cluster.node', 'Node'], ['env', 'env']]);
});

test('toggled keeps the order of the package', () => {
  const choices = item({ multichoice: true, range: ['a', 'b', 'c'] });
  expect(toggled(choices, 'c', 'a')).toBe('a,c');
  expect(toggled(choices, 'a,c', 'c')).toBe('a');
  expect(toggled(choices, 'a', 'a')).toBe('');
});

test.each([
  ['body.values.env.x', 'env.x'],
  ['node.cpu', 'cluster.node.cpu'],
  ['body.name', undefined],
])('the field of %s', (location, want) =>
  expect(fieldOf(location, [item(), item({ path: 'cluster.node.cpu', key: 'cpu' })])).toBe(want));
