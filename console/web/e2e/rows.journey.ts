// A list of ten thousand clusters is scrolled to its end. Tasks are measured by the time that they have a processor for: a machine
// that is busy with other things does not lengthen them.
import type { Browser, CDPSession } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, logIn, visit } from './browser';
import { given } from './given';

const total = 10_000;
const height = 56;
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser?.close();
});

function cluster(i: number) {
  const id = `cl-${String(i).padStart(8, '0')}`;
  return {
    cluster_id: id, name: `cluster ${i}`, app: 'etcd', version: '3.6', provider: 'local', state: i % 7 ? 'active' : 'stopped', revision: 1, node_count: 3,
    created_at: '2026-01-01T00:00:00Z', health: { healthy: 3, unhealthy: 0, unknown: 0, unchecked: 0, silent: 0, off: 0 },
    operation: { type: 'CreateCluster', state: 'succeeded', seq: 1, run_id: 'r', started_at: '2026-01-01T00:00:00Z' },
  };
}

interface Traced {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  tdur?: number;
  args: { name?: string };
}

/** tasks are the processor times, in ms, of the tasks of the page's main thread while act runs; the longest first. */
async function tasks(cdp: CDPSession, act: () => Promise<void>): Promise<number[]> {
  const events: Traced[] = [];
  cdp.on('Tracing.dataCollected', (d) => events.push(...(d.value as unknown as Traced[])));
  await cdp.send('Tracing.start', { transferMode: 'ReportEvents', traceConfig: { includedCategories: ['toplevel'] } });
  await act();
  const complete = new Promise((done) => cdp.once('Tracing.tracingComplete', done));
  await cdp.send('Tracing.end');
  await complete;
  const thread = (e: Traced) => `${e.pid} ${e.tid}`;
  const main = new Set(events.filter((e) => e.name === 'thread_name' && e.args.name === 'CrRendererMain').map(thread));
  return events.filter((e) => e.ph === 'X' && e.name.endsWith('RunTask') && main.has(thread(e))).map((e) => (e.tdur ?? 0) / 1000).sort((a, b) => b - a);
}

test('no step of the scroll keeps the page busy for 50 ms', async () => {
  const { page, context, errors } = await visit(browser, given.url);
  await context.route(/\/v1\/clusters\?/, (route) => {
    const query = new URL(route.request().url()).searchParams;
    const from = Number(query.get('cursor') ?? 0);
    const to = Math.min(total, from + Number(query.get('limit')));
    const items = Array.from({ length: to - from }, (_, i) => cluster(from + i));
    return route.fulfill({ json: { items, total, all: total, ...(to < total ? { next: String(to) } : {}) } });
  });
  await logIn(page, given.token('viewer'));
  await page.getByRole('link', { name: 'cluster 0', exact: true }).waitFor();

  const times = await tasks(await context.newCDPSession(page), async () => {
    await page.evaluate(
      async ({ total, height }) => {
        const frame = () => new Promise(requestAnimationFrame);
        for (let y = 0; y < total * height; y += innerHeight) {
          scrollTo(0, y);
          do await frame();
          while (document.documentElement.scrollHeight < Math.min(y + 2 * innerHeight, total * height)); // the next page is read
        }
      },
      { total, height },
    );
  });
  await page.getByRole('link', { name: `cluster ${total - 1}`, exact: true }).waitFor();
  expect(await page.locator('[data-row]').count()).toBeLessThan(100);
  console.log(`${times.length} tasks, the longest ${times.slice(0, 5).map((t) => t.toFixed(0)).join(', ')} ms`);
  expect(times.length).toBeGreaterThan(100);
  expect(times[0]).toBeLessThan(50);
  expect(errors).toEqual([]);
});
