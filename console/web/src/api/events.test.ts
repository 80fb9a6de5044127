import { expect, test } from 'vitest';
import { current, reduce } from './events';
import type { Operation } from './types';

const op = (more: Partial<Operation>): Operation => ({ id: 'cl-1.a', cluster_id: 'cl-1', type: 'AddNodes', workflow_id: 'cluster/cl-1', run_id: 'a', state: 'running', started_at: '2026-01-01T00:00:00Z', ...more });
const progress = { cluster_id: 'cl-1', operation: 'AddNodes', state: 'running', started_at: '2026-01-01T00:00:00Z', steps: [] };

test('the first event is the operation', () => expect(reduce(undefined, JSON.stringify(op({})))).toEqual(op({})));
test('a later event replaces it', () => expect(reduce(op({}), JSON.stringify(op({ state: 'held' })))?.state).toBe('held'));
test('an end stays an end', () => expect(reduce(op({ state: 'succeeded' }), JSON.stringify(op({})))?.state).toBe('succeeded'));
test('progress stays in sight while no worker responds', () => {
  const after = reduce(op({ progress }), JSON.stringify(op({ note: 'no worker responds' })));
  expect(after).toMatchObject({ note: 'no worker responds', progress });
});
test.each(['', 'rubbish', 'null', '[]'])('event %j changes nothing', (data) => expect(reduce(op({}), data)).toEqual(op({})));

test.each<[string, Partial<Operation>, string, string, string]>([
  ['a held operation that the history calls running', {}, 'a', 'held', 'held'],
  ['one that continued as another run', { run_id: 'b' }, 'a', 'held', 'held'],
  ['one that has ended', { state: 'failed' }, 'a', 'running', 'failed'],
  ['another one', {}, 'c', 'held', 'running'],
])('the history shows %s', (_, o, run_id, state, want) => expect(current([op(o)], { run_id, state })[0]?.state).toBe(want));
