import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { eventually } from '../integration/eventually.ts';
import { registerMany, type Stage, startStage } from '../serve/stage.ts';
import { openTab, startBrowser, type Tab, visit } from './browser.ts';

const NASTY = '<img src=x onerror="document.title=1">';
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');

let browser: Browser;
let stage: Stage;
let tab: Tab;

// A browser needs its time on a machine that has much else to do.
vi.setConfig({ testTimeout: 90_000, hookTimeout: 120_000 });

beforeAll(async () => {
  browser = await startBrowser();
  tab = await openTab(browser);
  stage = await startStage({
    upstreams: [
      '  orders.service.consul: {}\n',
      '  web: {}\n',
      '  ledger: {}\n',
      '  pay: {}\n',
      `  nasty:\n    service: '${NASTY}'\n`,
    ].join(''),
    flags: ['--startup-hold-seconds', '0', '--empty-grace-seconds', '3600'],
    prepare: async (consul, kong) => {
      registerMany(consul, 'orders', 3, 1);
      registerMany(consul, 'web', 2, 2);
      registerMany(consul, 'ledger', 2, 3);
      consul.register({
        ID: NASTY,
        Name: NASTY,
        Address: '10.0.4.1',
        Port: 80,
        Check: { CheckID: NASTY, Name: NASTY },
      });
      const service = await kong.seed('POST', '/services', { name: 'pay', host: 'pay' });
      await kong.seed('POST', `/services/${service.id}/plugins`, {
        name: 'kong-upstream-healthcheck',
        config: { service: 'payments' },
      });
    },
  });
  await eventually(() => {
    expect(stage.kong.targets('orders.service.consul')).toHaveLength(3);
    expect(stage.kong.targets('ledger')).toHaveLength(2);
  });
  for (const id of ['ledger-1', 'ledger-2']) stage.consul.deregister(id);
  await eventually(() => expect(stage.sidecar().stderr()).toContain('empty_grace'));
});

afterEach(() => expect(tab.takeMistakes()).toEqual([]));

afterAll(async () => {
  await browser?.close();
  await stage?.close();
});

async function show(path = '/', colorScheme: 'light' | 'dark' = 'light'): Promise<Page> {
  const { page } = tab;
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize({ width: 1280, height: 800 });
  await visit(page, `${stage.url()}${path}`);
  return page;
}

function row(page: Page, upstream: string) {
  return page.locator(`#list a[data-name="${upstream}"]`);
}

async function shownNames(page: Page): Promise<readonly string[]> {
  const names = await page
    .locator('#list li a')
    .evaluateAll((links) => links.map((link) => link.getAttribute('data-name')));
  return names.map(String);
}

async function textOf(page: Page, selector: string): Promise<string> {
  return (await page.locator(selector).innerText()).replace(/\s+/g, ' ');
}

async function expectAccessible(page: Page, what: string): Promise<void> {
  await page.evaluate(await readFile(AXE, 'utf8'));
  const found: unknown = await page.evaluate('axe.run({ resultTypes: ["violations"] })');
  const { violations } = z
    .object({
      violations: z.array(
        z.object({
          id: z.string(),
          nodes: z.array(z.object({ html: z.string(), failureSummary: z.string().optional() })),
        }),
      ),
    })
    .parse(found);
  expect(violations, what).toEqual([]);
}

test('shows every upstream, trouble first, and how the sidecar is', async () => {
  const page = await show();
  await eventually(async () =>
    expect(await shownNames(page)).toEqual(['pay', 'ledger', 'nasty', 'orders.service.consul', 'web']),
  );
  expect((await row(page, 'orders.service.consul').innerText()).split(/\s*\n\s*/)).toEqual([
    'In sync',
    'orders.service.consul',
    '3 of 3',
    '3',
  ]);
  expect(await row(page, 'ledger').innerText()).toContain('Held');
  expect(await row(page, 'pay').innerText()).toContain('two bindings disagree');
  expect(await textOf(page, '#pills')).toBe('Live Ready Leader');
  expect(await textOf(page, '#facts')).toMatch(
    /Consul http:\/\/127\.0\.0\.1:\d+ .*Kong http:\/\/127\.0\.0\.1:\d+ 3\.9\.1, postgres/,
  );
  expect(await textOf(page, '#timeline')).toContain('target 10.0.1.3:8080 added with weight 1');
  expect(await page.title()).toBe('(3) kong-consul');
});

test('a change in Consul appears by itself, in the row, the trail and the timeline', async () => {
  const page = await show('/#/web');
  await eventually(async () => expect(await textOf(page, '#trail-body')).toContain('2 registered, 2 healthy'));
  registerMany(stage.consul, 'web', 3, 2);
  await eventually(async () => {
    expect(await row(page, 'web').innerText()).toContain('3 of 3');
    expect(await textOf(page, '#trail-body')).toContain('3 registered, 3 healthy');
    expect(await textOf(page, '#timeline li:first-child')).toMatch(/^web .*10\.0\.2\.3:8080 added/);
  });
});

test('the trail tells each instance from Consul to Kong', async () => {
  const page = await show('/#/orders.service.consul');
  stage.consul.setCheck('orders-2-http', 'critical');
  await eventually(async () => {
    const trail = await textOf(page, '#trail-body');
    expect(trail).toContain('Bound by');
    expect(trail).toMatch(/kong-consul\.yml:2/);
    expect(trail).toContain('trusted,');
    expect(trail).toMatch(
      /scripted\/orders-2 critical Gets no traffic, decided by Consul: check orders-2-http is critical/,
    );
    expect(trail).toMatch(
      /scripted\/orders-1 passing .*Target 10\.0\.1\.1:8080 Weight 1 In Kong weight 1 Kong says HEALTHCHECKS_OFF/i,
    );
    expect(trail).toContain('would write nothing');
    expect(trail).toMatch(/Changes written .*10\.0\.1\.2:8080 removed/i);
  });
  await page.goto(`${stage.url()}/#/ledger`);
  await eventually(async () =>
    expect(await textOf(page, '.verdict')).toMatch(
      /^Held: 2 removals\. No instance is registered any more: .* Removed in \d+ (min|h) if Consul still knows none\. At once: kong-consul/,
    ),
  );
  stage.consul.setCheck('orders-2-http', 'passing');
});

test('names from Consul are text, whatever is in them', async () => {
  const page = await show('/#/nasty');
  await eventually(async () => expect(await textOf(page, '#trail-body')).toContain(`scripted/${NASTY}`));
  await page.locator('#trail-body details').first().click();
  expect(await textOf(page, '#trail-body')).toContain(NASTY);
  expect(await row(page, 'nasty').innerText()).toContain(NASTY);
  expect(await page.locator('img').count()).toBe(1);
  expect(await page.title()).toContain('kong-consul');
});

test('search and filters leave what fits', async () => {
  const page = await show();
  await page.fill('#search', 'ORD');
  expect(await shownNames(page)).toEqual(['orders.service.consul']);
  expect(await textOf(page, '#shown')).toBe('1 of 5 upstreams');
  await page.fill('#search', 'no such thing');
  expect(await textOf(page, '#empty')).toBe('No upstream is like that.');
  await page.fill('#search', '');
  await page.click('[data-choice=trouble]');
  expect(await shownNames(page)).not.toContain('web');
  expect(await shownNames(page)).toContain('pay');
  await page.click('[data-choice=held]');
  expect(await shownNames(page)).toEqual(['ledger']);
  await page.fill('#search', 'disagree');
  await page.click('[data-choice=all]');
  expect(await shownNames(page)).toEqual(['pay']);
});

test('everything can be done with keys', async () => {
  const page = await show();
  const focused = () => page.evaluate('document.activeElement.dataset.name ?? document.activeElement.id');
  await page.keyboard.press('/');
  expect(await focused()).toBe('search');
  await page.keyboard.type('e');
  await page.keyboard.press('Escape');
  expect(await page.inputValue('#search')).toBe('');
  await page.keyboard.press('ArrowDown');
  expect(await focused()).toBe('pay');
  await page.keyboard.press('ArrowDown');
  expect(await focused()).toBe('ledger');
  await page.keyboard.press('End');
  expect(await focused()).toBe('web');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await eventually(async () => expect(await textOf(page, '#trail-title')).toBe('ledger'));
  expect(await focused()).toBe('trail-title');
  await page.keyboard.press('Escape');
  expect(await page.locator('#trail').isHidden()).toBe(true);
  expect(await focused()).toBe('ledger');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('timeline');
  await page.keyboard.press('Shift+Tab');
  expect(await focused()).toBe('ledger');
});

test.each(['light', 'dark'] as const)('has nothing that axe objects to, in %s', async (scheme) => {
  const page = await show('/', scheme);
  await expectAccessible(page, 'list');
  await row(page, 'orders.service.consul').click();
  await page.waitForSelector('#trail-body .instances');
  await page.locator('#trail-body details').first().click();
  await expectAccessible(page, 'trail');
  await page.setViewportSize({ width: 390, height: 800 });
  await page.keyboard.press('Escape');
  await expectAccessible(page, 'narrow');
  await page.click('[data-view=changes]');
  await expectAccessible(page, 'changes on their own');
});

test('the theme can be chosen, and stays', async () => {
  const page = await show('/', 'dark');
  const ground = () => page.evaluate('getComputedStyle(document.body).backgroundColor');
  const dark = await ground();
  await page.click('#theme');
  expect(await textOf(page, '#theme')).toBe('Theme: light');
  expect(await ground()).not.toBe(dark);
  await page.reload();
  expect(await textOf(page, '#theme')).toBe('Theme: light');
  await page.evaluate('localStorage.clear()');
});

test('says when the sidecar is gone, and goes on when it is back', async () => {
  const page = await show();
  await stage.kill();
  await eventually(async () => expect(await textOf(page, '#banner')).toContain('The sidecar has not answered since'));
  expect(await textOf(page, '#pills')).toBe('Disconnected');
  await row(page, 'web').click();
  expect(await textOf(page, '#trail-lost')).toContain('does not answer');
  await page.keyboard.press('Escape');
  expect(await shownNames(page)).toHaveLength(5);
  registerMany(stage.consul, 'web', 4, 2);
  await stage.restart();
  await eventually(async () => {
    expect(await textOf(page, '#pills')).toBe('Live Ready Leader');
    expect(await textOf(page, '#banner')).toBe('');
    expect(await row(page, 'web').innerText()).toContain('4 of 4');
  });
});
