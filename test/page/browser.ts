import { type Browser, chromium, type Page } from 'playwright-core';
import { eventually } from '../integration/eventually.ts';

/** Debian's; another one by CHROMIUM_BIN. A machine without any fails here: the page is not tested by half. */
const CHROMIUM = process.env.CHROMIUM_BIN || '/usr/bin/chromium-headless-shell';

export async function startBrowser(): Promise<Browser> {
  // Root, as tests run in containers, has no sandbox to run in; only our own page is opened.
  return await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** A tab, with everything that went wrong in it since it was last asked. */
export interface Tab {
  readonly page: Page;
  readonly takeMistakes: () => readonly string[];
}

export async function openTab(browser: Browser): Promise<Tab> {
  const page = await browser.newPage();
  const mistakes: string[] = [];
  page.on('pageerror', ({ message }) => mistakes.push(message));
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/.test(message.text())) mistakes.push(message.text());
  });
  return { page, takeMistakes: () => mistakes.splice(0) };
}

/** Opens an address anew, and waits until the page shows something. */
export async function visit(page: Page, url: string, until = '#list li'): Promise<void> {
  await eventually(async () => {
    // The browser cuts requests when an interface of the machine comes or goes: then it is opened again.
    await page.goto('about:blank');
    await page.goto(url);
    await page.waitForSelector(until, { timeout: 4_000 });
  });
}
