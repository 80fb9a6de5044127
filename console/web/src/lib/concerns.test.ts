import { expect, test } from 'vitest';
import { byCluster } from './concerns';

test('concerns are counted by cluster', () => {
  const of = (cluster_id: string) => ({ cluster_id });
  expect([...byCluster([of('cl-1'), of('cl-2'), of('cl-1')])]).toEqual([['cl-1', 2], ['cl-2', 1]]);
  expect(byCluster([]).get('cl-1')).toBeUndefined();
});
