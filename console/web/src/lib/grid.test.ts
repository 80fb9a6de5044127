import { describe, expect, test } from 'vitest';
import { grid, nodeID, runs, sidsOf, type GridInput, type GridStep } from './grid';

const nodes = [1, 2, 3, 4].map((sid) => ({ id: `cln-${sid}`, role: sid < 4 ? 'etcd_node' : 'proxy', sid: sid < 4 ? sid : 1 }));
const step = (more: Partial<GridStep>): GridStep => ({ id: 'CC4', words: 'start, order 0', state: 'pending', nodes: 3, ...more });
const plan = [{ id: 'CC4', words: 'start, order 0', commands: [{ role: 'etcd_node', sids: '1-3' }] }];

function cells(s: GridStep, more: Partial<GridInput> = {}) {
  return grid({ steps: [s], nodes, plan, ...more })[0]?.cells.join(' ');
}

describe('cells', () => {
  test.each<[string, Partial<GridStep>, Partial<GridInput>, string]>([
    ['pending', {}, {}, 'pending pending pending none'],
    ['done', { state: 'done' }, {}, 'done done done none'],
    ['a step of all nodes', { id: 'CC3', words: 'start the agent', state: 'done', nodes: 4 }, {}, 'done done done done'],
    ['a step of unknown nodes', { id: 'CC3', words: '?', state: 'done', nodes: 2 }, {}, 'none none none none'],
    ['a step without nodes', { id: 'CC2', words: 'register', state: 'running', nodes: 0 }, {}, 'none none none none'],
    ['running, nothing reported', { state: 'running' }, {}, 'busy busy busy none'],
    [
      'running, all open nodes named',
      { state: 'running', activity_ids: ['7'] },
      { beats: { 7: { done: 2, total: 3, waiting: [{ node: 'etcd_node/2 cln-2' }] } } },
      'done waiting done none',
    ],
    [
      'running, some open nodes named',
      { state: 'running', activity_ids: ['7'] },
      { beats: { 7: { done: 1, total: 3, waiting: [{ node: 'etcd_node/2 cln-2' }] } } },
      'busy waiting busy none',
    ],
    ['held on one node', { state: 'held' }, { heldNodes: ['etcd_node/3 cln-3'] }, 'done done held none'],
    ['held, nodes unknown', { state: 'held' }, {}, 'held held held none'],
  ])('%s', (_, s, more, want) => expect(cells(step(s), more)).toBe(want));
});

test('the undo comes after the steps and counts its nodes', () => {
  const rows = grid({ steps: [step({ state: 'undone' })], undo: [step({ id: 'CC1', words: 'release machines', state: 'done', nodes: 4 })], nodes, plan });
  expect(rows.map((r) => [r.undo, r.done, r.total])).toEqual([[false, 3, 3], [true, 4, 4]]);
});

test('sids', () => {
  const of = sidsOf('1-3,7');
  expect([1, 2, 3, 4, 7, 8].map(of)).toEqual([true, true, true, false, true, false]);
});

test('the id in the name of a node', () => {
  expect(nodeID('etcd_node/1 cln-a')).toBe('cln-a');
  expect(nodeID('cln-a')).toBe('cln-a');
});

test('runs', () => {
  expect(runs(['done', 'done', 'busy', 'done'])).toEqual([
    { state: 'done', from: 0, count: 2 },
    { state: 'busy', from: 2, count: 1 },
    { state: 'done', from: 3, count: 1 },
  ]);
  expect(runs([])).toEqual([]);
});
