import { expect, test } from 'vitest';
import { bytes } from './bytes';

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1536, '1.5 KiB'],
  [200 * 1024 ** 2, '200 MiB'],
  [5 * 1024 ** 5, '5120 TiB'],
])('%d bytes are %s', (n, text) => {
  expect(bytes(n)).toBe(text);
});
