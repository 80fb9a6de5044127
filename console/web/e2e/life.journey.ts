// The life of a cluster by the browser alone: created through the form, held, repaired and grown.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, look, visit } from './browser';
import { given } from './given';
import { mark } from './nodes';

let browser: Browser;
let page: Page;
let errors: string[];
let id = '';
const base = new URL(given.link).origin;

beforeAll(async () => {
  browser = await launch();
  ({ page, errors } = await visit(browser, base));
});
afterAll(async () => {
  await browser?.close();
});

test('the one-time link logs in, once', async () => {
  await page.goto('/');
  await page.getByRole('heading', { name: 'Log in' }).waitFor();
  await look(page, 'log-in');
  await page.goto(given.link);
  await page.getByRole('heading', { name: /^Clusters/ }).waitFor();
  expect(new URL(page.url()).pathname).toBe('/');

  const other = await visit(browser, base);
  await other.page.goto(given.link);
  await other.page.getByText('The link was used').waitFor();
  expect((await other.page.request.get('/v1/session')).status()).toBe(401);
  await other.context.close();
});

test('a package is published by upload', async () => {
  await page.getByRole('link', { name: 'Applications' }).click();
  await page.getByLabel('Package, tar.gz or zip').setInputFiles(given.package);
  await page.getByLabel('Application', { exact: true }).fill(given.app);
  await page.getByLabel('Version', { exact: true }).fill('1');
  await page.getByRole('button', { name: 'Publish a package' }).click();
  await page.getByText(`${given.app} 1 is published.`).waitFor();
  await look(page, 'apps');
});

test('the form complains at its field and loses nothing on a reload', async () => {
  await page.goto(`/create?app=${given.app}`);
  const quota = page.getByLabel('Quota');
  await quota.fill('9000');
  await quota.blur();
  await page.locator('[data-field="env.quota"]').getByText('Must be at most 100').waitFor();
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.getByRole('alert').getByText('needs your attention').waitFor();
  await look(page, 'create-wrong');
  await page.reload();
  expect(await page.getByLabel('Quota').inputValue()).toBe('9000');

  await page.getByLabel('Quota').fill('50');
  await page.getByLabel('Name').fill('orders');
  await page.getByText('How it is run').click();
  await page.getByRole('radio', { name: 'hold' }).check();
  await page.getByRole('region', { name: 'Plan' }).getByText('prepare resources').waitFor();
  await page.getByText('The same as a command and as JSON').click();
  await page.getByText(`drover create ${given.app}`).waitFor();
  await look(page, 'create');
});

test('a creation is watched live, held, and goes on after a repair and a retry', async () => {
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.waitForURL(/\/operations\//);
  await page.getByRole('heading', { name: /^Held:/ }).waitFor();
  id = /cl-[a-z0-9]{8}/.exec(decodeURIComponent(page.url()))?.[0] ?? '';
  expect(id).not.toBe('');
  await page.getByText('the disk is not ready').first().waitFor();
  expect(await page.getByText('prepare resources').count()).toBeGreaterThan(0);
  await look(page, 'held');
  await page.reload();
  await page.getByRole('heading', { name: /^Held:/ }).waitFor();

  expect(mark(id, 'repaired')).toBe(2);
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByRole('status').getByText('succeeded').waitFor();
  await look(page, 'succeeded');
});

test('the cluster shows what it is', async () => {
  await page.goto(`/clusters/${id}`);
  await page.getByRole('heading', { name: 'orders' }).waitFor();
  await page.getByRole('cell', { name: 'cln-' }).first().waitFor();
  await look(page, 'cluster');
  await page.goto('/');
  await page.getByRole('link', { name: 'orders' }).waitFor();
  await look(page, 'clusters');
  await page.goto(`/clusters/${id}/doctor`);
  await page.getByText('All is well').waitFor();
  await look(page, 'doctor');
});

test('nodes are added after their plan was seen', async () => {
  await page.goto(`/clusters/${id}/add-nodes`);
  await page.getByRole('region', { name: 'Plan' }).getByText('prepare resources for new nodes').waitFor();
  await look(page, 'add-nodes');
  await page.getByText('How it is run').click();
  await page.getByRole('radio', { name: 'hold' }).check();
  await page.getByRole('button', { name: 'Add nodes' }).click();
  await page.waitForURL(/\/operations\//);
  await page.getByRole('heading', { name: /^Held:/ }).waitFor();
});

test('no page threw an error or broke the content security policy', () => {
  expect(errors).toEqual([]);
});
