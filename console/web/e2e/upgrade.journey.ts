// An upgrade that is held: seen live over the death of its console, its output read, retried and completed.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, logIn, look, visit } from './browser';
import { control, given } from './given';
import { mark } from './nodes';

let browser: Browser;
let page: Page;
let errors: string[];
const id = given.cluster;

beforeAll(async () => {
  browser = await launch();
  ({ page, errors } = await visit(browser, given.url));
  await logIn(page, given.token('operator'));
});
afterAll(async () => {
  await browser?.close();
});

test('an upgrade is planned and started', async () => {
  await page.goto(`/clusters/${id}`);
  await page.getByRole('link', { name: 'Upgrade' }).click();
  await page.getByRole('radio', { name: '2' }).check();
  await page.getByText('How it is run').click();
  await page.getByRole('radio', { name: 'hold' }).check();
  const plan = page.getByRole('region', { name: 'Plan' });
  await plan.getByText('Nothing has been changed').waitFor();
  await plan.getByText('upgrade', { exact: true }).first().waitFor();
  await look(page, 'upgrade');
  await page.getByRole('button', { name: 'Upgrade' }).click();
  await page.waitForURL(/\/operations\//);
});

test('its page lives on when its console dies and is started again', async () => {
  const waits = page.getByRole('region', { name: 'What the operation waits for' });
  await waits.getByText('waiting for the disk').waitFor();
  await look(page, 'upgrade-live');
  await control('kill');
  await page.getByText('No connection; this is the last known state').waitFor();
  await waits.getByText('waiting for the disk').waitFor();
  expect(mark(id, 'go')).toBe(1); // it fails while nobody can see it
  await control('start');
  await page.getByRole('heading', { name: /^Held:/ }).waitFor();
  expect(await page.getByText('No connection').count()).toBe(0);
});

test('its output is read, and a retry completes it', async () => {
  await page.getByText('the disk is not ready').first().waitFor();
  await look(page, 'upgrade-held');
  await page.getByRole('link', { name: 'Concerns' }).click();
  await page.getByRole('link', { name: id }).waitFor();
  await look(page, 'concerns');
  await page.getByRole('link', { name: id }).click();
  const concerns = page.getByRole('region', { name: 'Concerns' });
  await concerns.getByText('operation held').waitFor();
  await page.getByRole('link', { name: /Upgrade.*Resolve/ }).waitFor();
  await look(page, 'cluster-held');
  await concerns.getByRole('link', { name: 'Show the repair' }).click();
  await page.waitForURL(/\/operations\//);
  expect(mark(id, 'repaired')).toBe(1);
  await page.getByRole('button', { name: 'Retry' }).click();
  await page.getByRole('status').getByText('succeeded', { exact: true }).waitFor();
  await page.goto(`/clusters/${id}`);
  await page.getByText(/ 2 · 1 node/).waitFor();
  await page.goto('/concerns');
  await page.getByRole('heading', { name: /^Concerns/ }).waitFor();
  await page.getByText(id).waitFor({ state: 'detached' });
});

test('nothing is healed in maintenance, which an operator begins and ends', async () => {
  await page.goto(`/clusters/${id}`);
  const healing = page.getByRole('region', { name: 'Healing' });
  await healing.getByLabel('Highest level').selectOption('restart');
  await healing.getByRole('button', { name: 'Set the level' }).click();
  await healing.getByText('The services of a bad node are restarted.').waitFor();
  await healing.getByRole('button', { name: 'Begin maintenance' }).click();
  await healing.getByText('In maintenance for').waitFor();
  await look(page, 'maintenance');
  await page.goto('/');
  await page.getByRole('row', { name: id }).getByText('maintenance').waitFor();
  await page.goto(`/clusters/${id}`);
  await healing.getByRole('button', { name: 'End maintenance' }).click();
  await healing.getByText('Not in maintenance.').waitFor();
});

test('no page threw an error or broke the content security policy', () => {
  expect(errors).toEqual([]);
});
