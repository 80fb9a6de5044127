// A cluster at work, by users with roles: a change of settings, and a viewer.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, logIn, look, visit } from './browser';
import { given } from './given';

let browser: Browser;
let page: Page;
let errors: string[];
const id = given.cluster;

const ended = (state: string) => page.getByRole('status').getByText(state, { exact: true }).waitFor();

beforeAll(async () => {
  browser = await launch();
  ({ page, errors } = await visit(browser, given.url));
  await logIn(page, given.token('operator'));
});
afterAll(async () => {
  await browser?.close();
});

test('a setting is changed after its difference and its plan were seen', async () => {
  await page.goto(`/clusters/${id}/env`);
  await page.getByLabel('Quota').fill('60');
  const changes = page.getByRole('region', { name: 'Changes' });
  await changes.getByText('40').waitFor();
  await changes.getByText('60').waitFor();
  await page.getByRole('region', { name: 'Plan' }).getByText('Nothing has been changed').waitFor();
  await look(page, 'env');
  await page.getByRole('button', { name: 'Change settings' }).click();
  await page.waitForURL(/\/operations\//);
  await ended('succeeded');
  await page.goto(`/clusters/${id}`);
  await page.getByText('60', { exact: true }).waitFor();
});

test('a viewer sees no buttons, and is refused', async () => {
  const other = await visit(browser, given.url);
  await logIn(other.page, given.token('viewer'));
  await other.page.goto(`/clusters/${id}`);
  await other.page.getByRole('cell', { name: 'cln-' }).first().waitFor();
  expect(await other.page.getByRole('main').getByRole('button').count()).toBe(0);
  expect(await other.page.getByRole('link', { name: 'Delete' }).count()).toBe(0);
  await look(other.page, 'viewer');
  await other.page.goto(`/clusters/${id}/delete`);
  await other.page.getByRole('heading', { name: 'Your role does not allow this' }).waitFor();
  const answer = await other.page.request.post(`/v1/clusters/${id}/operations`, { data: { type: 'DeleteCluster' } });
  expect(answer.status()).toBe(403);
  expect(await answer.json()).toMatchObject({ status: 403, fault: { type: 'NotAllowed' } });
  await other.context.close();
});

test('no page threw an error or broke the content security policy', () => {
  expect(errors).toEqual([]);
});
