import { expect, test } from 'vitest';
import { repairOf } from './repair';

test.each([
  ['drover repair cl-1', '/clusters/cl-1/repair'],
  ['drover repair cl-1 --nodes cln-a,cln-b', '/clusters/cl-1/repair?nodes=cln-a%2Ccln-b'],
  ['drover start cl-1', '/clusters/cl-1/start'],
  ['drover delete cl-1 --force', '/clusters/cl-1/delete?force=true'],
  ['drover delete-nodes cl-1 cln-a', '/clusters/cl-1/delete-nodes?nodes=cln-a'],
  ['drover orphans collect cl-1', '/orphans?cluster=cl-1'],
  ['drover orphans --retry', '/orphans'],
  ['drover doctor cl-1', '/clusters/cl-1/doctor'],
  ['drover resolve cl-1 --retry, --skip or --abort', '/clusters/cl-1'],
  ['drover backup verify s-1', '/backups?cluster=cl-1'],
  ['drover backup import s-1', undefined],
  ['drover ssh cl-1', undefined],
  ['rm -rf /', undefined],
  ['', undefined],
])('%s', (command, want) => expect(repairOf(command, 'cl-1')).toBe(want));

test('a held step is resolved on the page of its operation', () =>
  expect(repairOf('drover resolve cl-1 --retry, --skip or --abort', 'cl-1', 'cl-1.run')).toBe('/operations/cl-1.run'));
