import { expect, test } from 'vitest';
import { labelsOf, textOf } from './labels';

test.each([
  ['', {}],
  ['team=data', { team: 'data' }],
  ['team=data, stage=prod', { team: 'data', stage: 'prod' }],
  ['a=b=c critical', { a: 'b=c', critical: '' }],
])('%s', (text, want) => expect(labelsOf(text)).toEqual(want));

test('text', () => expect(textOf({ team: 'data', critical: '' })).toBe('team=data, critical'));
