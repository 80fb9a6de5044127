import { expect, test } from 'vitest';
import { repairOf } from './repair';

test.each([
  ['drover repair cl-1', '/clusters/cl-1/repair'],
  ['drover repair cl-1 --nodes cln-a,cln-b', '/clusters/cl-1/repair?nodes=cln-a%2Ccln-b'],
  ['drover start cl-1', '/clusters/cl-1/start'],
  ['drover delete cl-1 --force', '/clusters/cl-1/delete?force=true'],
  ['drover delete-nodes cl-1 cln-a', '/clusters/cl-1/delete-nodes?nodes=cln-a'],
  ['drover orphans collect cl-1', '/orphans?cluster=cl-1'],
  ['drover ssh cl-1', undefined],
  ['rm -rf /', undefined],
  ['', undefined],
])('%s', (command, want) => expect(repairOf(command, 'cl-1')).toBe(want));
