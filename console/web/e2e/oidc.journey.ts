// Log-in with an OpenID Connect provider: a user with a role, and one without.
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, look, visit } from './browser';
import { given } from './given';

let browser: Browser;
let page: Page;
let errors: string[];

beforeAll(async () => {
  browser = await launch();
  ({ page, errors } = await visit(browser, given.url));
});
afterAll(async () => {
  await browser?.close();
});

test('the provider logs an administrator in, whose session lasts over a reload', async () => {
  await page.goto('/');
  const button = page.getByRole('link', { name: 'Log in with Example login' });
  await button.waitFor();
  await look(page, 'log-in-provider');
  await button.click();
  await page.getByRole('heading', { name: /^Clusters/ }).waitFor();
  await page.getByText('ann@example.org').waitFor();
  await page.getByText('Administrator').waitFor();
  await page.reload();
  await page.getByRole('link', { name: 'Audit' }).click();
  await page.getByRole('row', { name: /Log in.*ann@example\.org/ }).first().waitFor();
});

test('a log-out ends the session, and a user without a role is refused', async () => {
  await page.getByRole('button', { name: 'Log out' }).click();
  await page.getByRole('link', { name: 'Log in with Example login' }).click();
  await page.getByText('no rule gives you a role').waitFor();
  expect((await page.request.get('/v1/session')).status()).toBe(401);
  await look(page, 'log-in-refused');
});

test('no page threw an error or broke the content security policy', () => {
  expect(errors).toEqual([]);
});
