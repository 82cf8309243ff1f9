import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { eventually } from '../integration/eventually.ts';
import { openTab, startBrowser, visit } from './browser.ts';
import { type Many, serveMany } from './many.ts';

// A browser needs its time on a machine that has much else to do.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

const NAMES = Array.from({ length: 1_000 }, (_, at) => `service-${String(at).padStart(4, '0')}.service.consul`);
/** Tells how much of the page an update touches. */
const COUNT_MUTATIONS = `(() => {
  window.mutations = 0;
  new MutationObserver((records) => { window.mutations += records.length; })
    .observe(document.getElementById('list'), { childList: true, subtree: true, characterData: true });
})()`;

let browser: Browser;
let many: Many;
let page: Page;

beforeAll(async () => {
  [browser, many] = await Promise.all([startBrowser(), serveMany(NAMES)]);
  ({ page } = await openTab(browser));
});

afterAll(async () => {
  await browser?.close();
  await many?.close();
});

async function number(expression: string): Promise<number> {
  return z.number().parse(await page.evaluate(expression));
}

test('a thousand upstreams fit on the page, and one that changes touches its own row only', async () => {
  await visit(page, many.url);
  await eventually(async () => expect(await page.locator('#list li').count()).toBe(NAMES.length));
  expect(await number('document.getElementsByTagName("*").length')).toBeLessThan(10_000);

  await page.evaluate(COUNT_MUTATIONS);
  many.set('service-0500.service.consul', 7);
  await eventually(async () =>
    expect(await page.locator('[data-name^=service-0500] .healthy').textContent()).toBe('7 of 7'),
  );
  expect(await number('window.mutations')).toBeLessThan(10);

  for (const name of NAMES) many.set(name, 9);
  await eventually(async () => {
    expect(
      await number('[...document.querySelectorAll("#list .healthy")].filter((n) => n.textContent === "9 of 9").length'),
    ).toBe(NAMES.length);
  });
  expect(await page.locator('#timeline li').count()).toBe(200);
});

test('a search among a thousand leaves what fits', async () => {
  await visit(page, many.url);
  await page.fill('#search', '0999');
  expect(await page.locator('#list li').count()).toBe(1);
  expect(await page.innerText('#shown')).toBe('1 of 1,000 upstreams');
});
