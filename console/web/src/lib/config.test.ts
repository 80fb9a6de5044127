import { expect, test } from 'vitest';
import type { AppDetail, ClusterValues } from '../api/types';
import { applied, changeable, itemsOf, textsOf } from './config';
import { control, wrong } from './fields';
import example from '../../../../activities/reads/testdata/etcd.json' with { type: 'json' };

const etcd = example as unknown as AppDetail;

test('the example package, as the API describes it: every default is accepted', () => {
  const items = itemsOf(etcd);
  expect(items.length).toBeGreaterThan(10);
  for (const item of items) expect([item.path, wrong(item, undefined)]).toEqual([item.path, undefined]);
  expect(control(items.find((i) => i.path === 'cluster.etcd_node.count')!)).toBe('choice');
});

test('what is changed is the value in force', () => {
  const settings = [
    { path: 'env.a', type: 'integer', allowed: '', changeable: true, form: { key: 'a', default: '1', value: '7', max: '9' } },
    { path: 'env.secret', type: 'password', allowed: '', changeable: true, value: '(hidden)', form: { key: 'secret' } },
    { path: 'env.fixed', type: 'string', allowed: '', form: { key: 'fixed', value: 'x' } },
  ];
  const [a, secret, ...rest] = changeable({ app: 'x', version: '1', cluster_id: 'cl-1', services: [], settings } as ClusterValues);
  expect(a).toMatchObject({ default: '7', byDefault: '1', max: 9 });
  expect(secret).toMatchObject({ default: undefined });
  expect(rest).toEqual([]);
});

test('resource groups give defaults, and items that do not apply are left out', () => {
  const items = [
    { path: 'cluster.resource_group', key: 'resource_group', type: 'string', range: ['S', 'L'], default: 'S' },
    { path: 'cluster.cpu', key: 'cpu', type: 'integer', default: '1', byGroup: ['2', '8'] },
    { path: 'env.tls', key: 'tls', type: 'boolean', default: 'false' },
    { path: 'env.cert', key: 'cert', type: 'string', dependencies: [{ path: 'env.tls', values: ['true'] }] },
    { path: 'env.chain', key: 'chain', type: 'string', dependencies: [{ path: 'env.cert', values: ['x'], not: true }] },
  ];
  const seen = (typed: Record<string, string>) => applied(items, typed).map((i) => [i.key, i.default]);
  expect(seen({})).toEqual([['resource_group', 'S'], ['cpu', '2'], ['tls', 'false']]);
  expect(seen({ 'cluster.resource_group': 'L', 'env.tls': 'true' })).toEqual([['resource_group', 'S'], ['cpu', '8'], ['tls', 'false'], ['cert', undefined], ['chain', undefined]]);
  expect(seen({ 'env.tls': 'true', 'env.cert': 'x' }).map(([key]) => key)).not.toContain('chain');
});

test.each([
  ['zh', { en: { a: 'A' }, 'zh-cn': { a: '甲' } }, { a: '甲' }],
  ['zh', { en: { a: 'A' } }, {}],
  ['en', undefined, {}],
])('texts in %s', (language, texts, want) => expect(textsOf(texts, language)).toEqual(want));
