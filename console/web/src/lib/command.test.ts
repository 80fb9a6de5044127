import { expect, test } from 'vitest';
import { commandOf, createCommand } from './command';

test.each<[string, Record<string, unknown>, string]>([
  ['AddNodes', { role: 'etcd_node', count: 2 }, 'drover add-nodes cl-1 --role etcd_node --count 2'],
  ['DeleteNodes', { nodes: ['cln-a', 'cln-b'], force: true }, 'drover delete-nodes cl-1 cln-a cln-b --force'],
  ['ScaleVertical', { volume_size: 20, on_failure: 'hold' }, 'drover scale cl-1 --volume-size 20 --on-failure hold'],
  ['UpgradeCluster', { version: '3.6.0', values: { 'env.a': 'x y' } }, "drover upgrade cl-1 --to 3.6.0 --set 'env.a=x y'"],
  ['RunService', { service: 'snapshot', params: { keep: 5 }, nodes: ['cln-a'] }, 'drover run cl-1 snapshot --node cln-a --param keep=5'],
  ['RepairCluster', { nodes: ['cln-a', 'cln-b'] }, 'drover repair cl-1 --nodes cln-a,cln-b'],
  ['UpdateEnv', { values: { 'env.quota': 4, 'env.password': 'x' }, barrier_timeout: '9m' }, 'drover env set cl-1 env.quota=4 --barrier-timeout 9m'],
  ['StopCluster', { force: false }, 'drover stop cl-1'],
])('%s', (operation, input, want) => expect(commandOf(operation, 'cl-1', input, (p) => p === 'env.password')).toBe(want));

test('create', () => {
  const input = { app: 'etcd', version: '3.5', name: "it's", values: { 'cluster.etcd_node.count': 3, 'env.list': ['a'] } };
  expect(createCommand(input)).toBe(`drover create etcd --version 3.5 --name 'it'\\''s' --set cluster.etcd_node.count=3 --set 'env.list=["a"]'`);
});
