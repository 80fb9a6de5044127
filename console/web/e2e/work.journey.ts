// A cluster at work, by users with roles: settings, an upgrade that is held while the console restarts, a cancel, a backup and its
// restoration, a viewer, a deletion.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, look, visit } from './browser';
import { given, restart } from './given';
import { repair } from './nodes';

let browser: Browser;
let page: Page;
let errors: string[];
const id = given.cluster;

async function logIn(as: Page, role: 'operator' | 'viewer') {
  await as.goto('/');
  await as.getByLabel('Token').fill(given.token(role));
  await as.getByRole('button', { name: 'Log in' }).click();
  await as.getByRole('heading', { name: /^Clusters/ }).waitFor();
}

const ended = (state: string) => page.getByRole('status').getByText(state, { exact: true }).waitFor();

beforeAll(async () => {
  browser = await launch();
  ({ page, errors } = await visit(browser, given.url));
  await logIn(page, 'operator');
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

test('an upgrade is held, outlives a restart of the console on its page, and goes on after a retry', async () => {
  await page.goto(`/clusters/${id}/upgrade`);
  await page.getByText('How it is run').click();
  await page.getByRole('radio', { name: 'hold' }).check();
  await page.getByRole('region', { name: 'Plan' }).getByText('upgrade').first().waitFor();
  await page.getByRole('button', { name: 'Upgrade' }).click();
  await page.getByRole('heading', { name: /^Held:/ }).waitFor();
  await page.getByText('the schema is old').first().waitFor();
  await look(page, 'upgrade-held');

  const address = page.url();
  await restart();
  expect(repair(id)).toBe(1);
  await page.getByText('No connection').waitFor({ state: 'hidden' });
  await page.getByRole('button', { name: 'Retry' }).click();
  await ended('succeeded');
  expect(page.url()).toBe(address);
});

test('a cancel says what it undoes, and the undo is seen', async () => {
  await page.goto(`/clusters/${id}/add-nodes`);
  await page.getByText('How it is run').click();
  await page.getByRole('radio', { name: 'hold' }).check();
  await page.getByRole('button', { name: 'Add nodes' }).click();
  await page.getByRole('heading', { name: /^Held:/ }).waitFor();
  await page.getByRole('button', { name: 'Cancel the operation' }).click();
  await page.getByRole('dialog').getByText('It undoes, in this order:').waitFor();
  await look(page, 'cancel');
  await page.getByRole('button', { name: 'Cancel and undo' }).click();
  await ended('cancelled');
  await page.getByText('undo:').first().waitFor();
  await look(page, 'undone');
});

let restored = '';
test('a backup is restored into a new cluster', async () => {
  await page.goto(`/clusters/${id}/backup`);
  await page.getByRole('button', { name: 'Back up' }).click();
  await page.waitForURL(/\/operations\//);
  await ended('succeeded');
  await page.goto(`/backups?cluster=${id}`);
  await page.getByText('whole').waitFor();
  await look(page, 'backups');
  await page.getByRole('button', { name: /^Restore s-/ }).click();
  await page.getByLabel(/^Name of the new cluster/).fill('restored');
  await page.getByRole('region', { name: 'Plan' }).getByText('Nothing has been changed').waitFor();
  await look(page, 'restore');
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await page.waitForURL(/\/operations\//);
  await ended('succeeded');
  restored = /cl-[a-z0-9]{8}/.exec(decodeURIComponent(page.url()))?.[0] ?? '';
  expect(restored).not.toBe(id);
  await page.goto(`/clusters/${restored}`);
  await page.getByRole('heading', { name: 'restored' }).waitFor();
});

test('a viewer sees no buttons, and is refused', async () => {
  const other = await visit(browser, given.url);
  await logIn(other.page, 'viewer');
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

test('a deletion is confirmed by typing the id', async () => {
  await page.goto(`/clusters/${restored}/delete`);
  const button = page.getByRole('button', { name: 'Delete', exact: true });
  await page.getByRole('region', { name: 'Plan' }).getByText('Nothing has been changed').waitFor();
  await page.getByLabel(/^Data will be lost/).fill(id);
  expect(await button.isDisabled()).toBe(true);
  await look(page, 'delete');
  await page.getByLabel(/^Data will be lost/).fill(restored);
  await button.click();
  await page.waitForURL(/\/operations\//);
  await ended('succeeded');
});

test('no page threw an error or broke the content security policy', () => {
  expect(errors).toEqual([]);
});
