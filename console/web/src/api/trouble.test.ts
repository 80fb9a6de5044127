import { expect, test } from 'vitest';
import { fieldError, linesOf, troubleOf } from './trouble';

test.each([
  ['env.quota: value 1 is less than 16; allowed: 16 to 8192', { location: 'env.quota', message: 'value 1 is less than 16; allowed: 16 to 8192' }],
  ['cluster.etcd_node.count: value "x" is not an integer', { location: 'cluster.etcd_node.count', message: 'value "x" is not an integer' }],
  ['expected number >= 1 (body.input.count: 0)', { location: 'body.input.count', message: 'expected number >= 1' }],
  ['it is wrong', { location: '', message: 'it is wrong' }],
])('%s', (problem, want) => expect(fieldError(problem)).toEqual(want));

test('a busy cluster names its holder', () => {
  const trouble = troubleOf(409, { title: 'Another operation or writer owns it', detail: 'cl-1 is busy', fault: { type: 'Conflict', message: 'x', hint: 'wait' }, holder: { id: 'cl-1.run' } });
  expect(trouble).toMatchObject({ status: 409, detail: 'cl-1 is busy', hint: 'wait', link: '/operations/cl-1.run', tone: 'warn' });
});

test('a detail that repeats its problems is left out', () => {
  const trouble = troubleOf(422, { title: 'The request is invalid', detail: 'values: 1 problem: env.a: too big', fault: { problems: ['env.a: too big'] } });
  expect(trouble).toMatchObject({ detail: '', errors: [{ location: 'env.a', message: 'too big' }] });
});

test('an answer of something else', () => expect(troubleOf(502, '<html>')).toMatchObject({ title: 'HTTP 502', errors: [] }));

test('the lines of a failure', () => {
  expect(linesOf('a\nb\nc')).toEqual({ first: 'a', rest: 'b\nc' });
  expect(linesOf('a')).toEqual({ first: 'a', rest: '' });
});
