// Data is backed up and restored into a new cluster; its own cluster is deleted into the recycle bin, and recovered.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, logIn, look, visit } from './browser';
import { given } from './given';
import { volumes } from './nodes';

let browser: Browser;
let page: Page;
let errors: string[];
const id = given.cluster;
const copy = `copy-${id}`;

const plan = () => page.getByRole('region', { name: 'Plan' }).getByText('Nothing has been changed').waitFor();
const succeeded = async () => {
  await page.waitForURL(/\/operations\//);
  await page.getByRole('status').getByText('succeeded', { exact: true }).waitFor();
  return /cl-[a-z0-9]{8}/.exec(decodeURIComponent(page.url()))?.[0] ?? '';
};
const data = (cluster: string) => volumes(cluster).map((folder) => readFileSync(join(folder, 'orders'), 'utf8'));

beforeAll(async () => {
  browser = await launch();
  ({ page, errors } = await visit(browser, given.url));
  await logIn(page, given.token('operator'));
});
afterAll(async () => {
  await browser?.close();
});

test('a cluster is backed up', async () => {
  for (const folder of volumes(id)) writeFileSync(join(folder, 'orders'), 'of today');
  await page.goto(`/clusters/${id}/backup`);
  await plan();
  await page.getByRole('button', { name: 'Back up' }).click();
  await succeeded();
});

test('its backup is restored into a new cluster', async () => {
  await page.goto(`/clusters/${id}`);
  await page.getByRole('main').getByRole('link', { name: 'Backups' }).click();
  const backup = page.getByRole('row', { name: id });
  await backup.getByText('whole').waitFor();
  await look(page, 'backups');
  await backup.getByRole('button', { name: /^Restore s-/ }).click();
  await page.getByLabel('Name of the new cluster').fill(copy);
  await plan();
  await look(page, 'restore');
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  const restored = await succeeded();
  expect(restored).not.toBe(id);
  expect(data(restored)).toEqual(['of today']);
  await page.goto(`/clusters/${restored}`);
  await page.getByRole('heading', { name: copy }).waitFor();
});

test('its backup is verified', async () => {
  await page.goto(`/backups?cluster=${id}`);
  await page.getByRole('button', { name: /^Verify s-/ }).click();
  await plan();
  await page.getByRole('button', { name: 'Verify', exact: true }).click();
  await succeeded();
  await page.goto(`/backups?cluster=${id}`);
  await page.getByText('verified').waitFor();
});

test('it is deleted into the recycle bin once its id was typed', async () => {
  await page.goto(`/clusters/${id}/delete`);
  await page.getByLabel('Time in the recycle bin').fill('2h');
  await plan();
  const button = page.getByRole('button', { name: 'Delete' });
  expect(await button.isDisabled()).toBe(true);
  await page.getByLabel(`Type ${id} to confirm`).fill('cl-another1');
  expect(await button.isDisabled()).toBe(true);
  await page.getByLabel(`Type ${id} to confirm`).fill(id);
  await look(page, 'delete');
  await button.click();
  await succeeded();
});

test('it is recovered from there, with its data', async () => {
  await page.goto('/?state=deleted');
  await page.getByRole('row', { name: id }).getByRole('link').click();
  await page.getByText('In the recycle bin. Its data is kept for another').waitFor();
  await look(page, 'bin');
  await page.getByRole('link', { name: 'Recover' }).click();
  await plan();
  await page.getByRole('button', { name: 'Recover' }).click();
  await succeeded();
  await page.goto(`/clusters/${id}`);
  await page.getByText('active', { exact: true }).waitFor();
  expect(data(id)).toEqual(['of today']);
});

test('no page threw an error or broke the content security policy', () => {
  expect(errors).toEqual([]);
});
