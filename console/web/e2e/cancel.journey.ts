// A creation that waits is cancelled, and its undo is seen.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, logIn, look, visit } from './browser';
import { given } from './given';

let browser: Browser;
let page: Page;
let errors: string[];
let id = '';

beforeAll(async () => {
  browser = await launch();
  ({ page, errors } = await visit(browser, given.url));
  await logIn(page, given.token('operator'));
});
afterAll(async () => {
  await browser?.close();
});

test('a creation waits for a command', async () => {
  await page.goto(`/create?app=${given.app}`);
  await page.getByRole('region', { name: 'Plan' }).getByText('Nothing has been changed').waitFor();
  await page.getByRole('button', { name: 'Create', exact: true }).click();
  await page.waitForURL(/\/operations\//);
  id = /cl-[a-z0-9]{8}/.exec(decodeURIComponent(page.url()))?.[0] ?? '';
  await page.getByRole('region', { name: 'What the operation waits for' }).getByText('formatting the disk').first().waitFor();
});

test('a cancel says what it undoes, and undoes it', async () => {
  await page.getByRole('button', { name: 'Cancel the operation' }).click();
  const dialog = page.getByRole('dialog', { name: 'Cancel the operation' });
  await dialog.getByText('It undoes, in this order:').waitFor();
  expect(await dialog.getByRole('listitem').count()).toBeGreaterThan(0);
  await look(page, 'cancel');
  await dialog.getByRole('button', { name: 'Cancel and undo' }).click();
  await page.getByRole('status').getByText('cancelled', { exact: true }).waitFor();
  await look(page, 'cancelled');
  await page.getByText('undo: done').first().waitFor();
});

test('nothing of the cluster is left', async () => {
  await page.goto('/');
  await page.getByRole('heading', { name: /^Clusters/ }).waitFor();
  expect((await page.request.get(`/v1/clusters/${id}`)).status()).toBe(404);
  await page.getByText(id).waitFor({ state: 'detached' });
});

test('no page threw an error or broke the content security policy', () => {
  expect(errors).toEqual([]);
});
