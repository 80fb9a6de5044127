import { describe, expect, test } from 'vitest';
import { href, match } from './router';

const routes = [
  { path: '/', page: 'clusters' },
  { path: '/create', page: 'create' },
  { path: '/clusters/:id', page: 'cluster' },
  { path: '/clusters/:id/do/:verb', page: 'verb' },
] as const;

describe('match', () => {
  test.each([
    ['/', 'clusters', {}],
    ['', 'clusters', {}],
    ['/create/', 'create', {}],
    ['/clusters/cl-a1', 'cluster', { id: 'cl-a1' }],
    ['/clusters/a%2Fb', 'cluster', { id: 'a/b' }],
    ['/clusters/cl-a1/do/scale', 'verb', { id: 'cl-a1', verb: 'scale' }],
  ])('%s shows %s', (path, page, params) => {
    const found = match(routes, path);
    expect(found?.route.page).toBe(page);
    expect(found?.params).toEqual(params);
  });

  test.each(['/nothing', '/clusters', '/clusters/a/b', '/clusters/%E0%A4%A'])('%s shows nothing', (path) => {
    expect(match(routes, path)).toBeUndefined();
  });
});

test('href escapes values and leaves empty ones out', () => {
  expect(href('/clusters/:id', { id: 'a/b' }, { q: 'x y', state: '' })).toBe('/clusters/a%2Fb?q=x+y');
  expect(href('/')).toBe('/');
});
