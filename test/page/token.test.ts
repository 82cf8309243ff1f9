import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { eventually } from '../integration/eventually.ts';
import { registerMany, type Stage, startStage } from '../serve/stage.ts';
import { openTab, startBrowser, visit } from './browser.ts';

const TOKEN = 'open sesame ÿ';
let browser: Browser;
let stage: Stage;

// A browser needs its time on a machine that has much else to do.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

beforeAll(async () => {
  browser = await startBrowser();
  stage = await startStage({
    upstreams: '  web: {}\n',
    flags: ['--listen-token', TOKEN],
    prepare: (consul) => registerMany(consul, 'web', 1),
  });
});

afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

test('asks for the token, keeps it in the tab, and takes no wrong one', async () => {
  const { page, takeMistakes } = await openTab(browser);
  await visit(page, stage.url(), '#lock:not([hidden])');
  expect(await page.locator('#content').isHidden()).toBe(true);
  await page.fill('#token', 'guess');
  await page.keyboard.press('Enter');
  await eventually(async () => expect(await page.innerText('#refused')).toBe('That token is not the right one.'));
  await page.fill('#token', TOKEN);
  await page.keyboard.press('Enter');
  await page.waitForSelector('#list a[data-name=web]');
  await page.click('#list a[data-name=web]');
  await page.waitForSelector('#trail-body .instances');
  await page.reload();
  await page.waitForSelector('#list a[data-name=web]');
  expect(await page.evaluate('JSON.stringify(localStorage) + document.cookie + location.href')).not.toContain('sesame');
  expect(takeMistakes()).toEqual([]);
  await page.close();
});

test('takes the token from the address, and out of it', async () => {
  const { page } = await openTab(browser);
  await visit(page, `${stage.url()}/#token=${encodeURIComponent(TOKEN)}`);
  expect(await page.locator('#list li').count()).toBe(1);
  expect(page.url()).toBe(`${stage.url()}/`);
  await page.close();
});
