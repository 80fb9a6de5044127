// A browser for the journeys: Debian's Chromium, pages that must have no violation of accessibility, and screenshots in
// light, dark and phone size under SHOTS.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { chromium, type Browser, type BrowserContext, type Page } from 'playwright-core';
import { expect } from 'vitest';

const desk = { width: 1440, height: 900 };
const phone = { width: 360, height: 740 };

export async function launch(): Promise<Browser> {
  // Root has no sandbox in Chromium.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return chromium.launch({ executablePath: process.env.DROVER_E2E_CHROMIUM ?? '/usr/bin/chromium', args });
}

/** visit opens a page whose errors end the journey. */
export async function visit(browser: Browser, base: string, options: { phone?: boolean; colorScheme?: 'light' | 'dark' } = {}): Promise<{ page: Page; context: BrowserContext; errors: string[] }> {
  const context = await browser.newContext({ viewport: options.phone ? phone : desk, colorScheme: options.colorScheme ?? 'light', locale: 'en-GB', baseURL: base });
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const errors: string[] = [];
  page.on('pageerror', (e) => errors.push(e.message));
  page.on('console', (m) => {
    if (m.type() === 'error' && /Content Security Policy|Uncaught/.test(m.text())) errors.push(m.text());
  });
  return { page, context, errors };
}

/** logIn logs in with a token. */
export async function logIn(page: Page, token: string) {
  await page.goto('/');
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Log in', exact: true }).click();
  await page.getByRole('heading', { name: /^Clusters/ }).waitFor();
}

/** look checks a page for accessibility in both themes, that a phone is wide enough, and keeps a screenshot of each. */
export async function look(page: Page, name: string) {
  await keep(page, `${name}-light`);
  await check(page, `${name}, light`);
  await page.emulateMedia({ colorScheme: 'dark' });
  await keep(page, `${name}-dark`);
  await check(page, `${name}, dark`);
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize(phone);
  await keep(page, `${name}-phone`);
  await check(page, `${name}, phone`);
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${name} is wider than a phone`).toBeLessThanOrEqual(0);
  await page.setViewportSize(desk);
}

async function keep(page: Page, name: string) {
  const folder = process.env.DROVER_E2E_SHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`) });
}

async function check(page: Page, name: string) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  const found = violations.map((v) => `${v.id}: ${v.nodes.map((n) => `${n.target.join(' ')} ${n.any[0]?.message ?? ''}`).slice(0, 3).join('; ')}`);
  expect(found, name).toEqual([]);
}
