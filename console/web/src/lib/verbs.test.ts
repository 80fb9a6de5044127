import { expect, test } from 'vitest';
import { how, inputOf, verbOf, type ClusterFacts } from './verbs';

const cluster: ClusterFacts = {
  cluster_id: 'cl-1',
  roles: [{ name: 'master', cpu: 1, memory: 1024, volume_size: 10 }, { name: 'replica', cpu: 2, memory: 2048, volume_size: 20 }],
  nodes: [{ node_id: 'cln-a', role: 'master', sid: 1 }, { node_id: 'cln-b', role: 'replica', sid: 1 }],
  versions: ['2.0'],
};

test.each<[string, Record<string, string>, Record<string, unknown>]>([
  ['add-nodes', { count: '2' }, { role: 'master', count: 2 }],
  ['add-nodes', {}, { role: 'master', count: 1 }],
  ['delete-nodes', { nodes: 'cln-a,cln-b', force: 'true' }, { nodes: ['cln-a', 'cln-b'], force: true }],
  ['scale', { role: 'replica', memory: '4096' }, { role: 'replica', memory: 4096 }],
  ['restart', {}, {}],
  ['restart', { role: 'replica' }, { role: 'replica' }],
  ['upgrade', {}, { version: '2.0' }],
  ['delete', { force: 'false' }, {}],
  ['delete', { keep: '2h' }, { keep: '2h' }],
  ['recover', {}, {}],
])('%s %j', (slug, typed, want) => {
  const verb = verbOf(slug);
  if (!verb) throw new Error(`no verb ${slug}`);
  expect(inputOf(verb.fields(cluster), typed)).toEqual(want);
});

test('how an operation is run: only what differs is sent', () => {
  expect(inputOf(how(['undo'], true), { on_failure: 'hold', barrier_timeout: '5m' })).toEqual({ on_failure: 'hold' });
});

test('scale says what the chosen role has, and lets volumes only grow', () => {
  const fields = verbOf('scale')?.fields({ ...cluster, role: 'replica' }) ?? [];
  expect(fields.slice(1).map((f) => [f.path, f.now, f.min])).toEqual([['cpu', 2, 1], ['memory', 2048, 1], ['volume_size', 20, 20]]);
});
