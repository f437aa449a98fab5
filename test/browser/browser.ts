import { chromium, type Browser, type Page } from 'playwright-core';
import { findChromium } from './chromium.ts';

/** A page in a browser, which remembers what went wrong in it. */
export interface WatchedPage extends AsyncDisposable {
  page: Page;
  /** What was not loaded, refused by the page's policy, or thrown by its scripts. Answers of the API are none. */
  readonly faults: readonly string[];
}

/** Starts Chromium without a window. */
export async function startBrowser(bun: string, env: Readonly<Record<string, string>>): Promise<Browser> {
  const executablePath = await findChromium(bun, env);
  // Root has no sandbox, and these pages are our own.
  return await chromium.launch({ executablePath, args: ['--no-sandbox', '--no-zygote'] });
}

export async function openPage(browser: Browser, url: string): Promise<WatchedPage> {
  const page = await browser.newPage();
  const faults: string[] = [];
  page.on('requestfailed', (request) => faults.push(`${request.url()} failed`));
  page.on('response', (response) => {
    if (response.status() >= 400 && !response.url().includes('/api/v1/')) {
      faults.push(`${response.url()} was answered with ${response.status()}`);
    }
  });
  page.on('pageerror', (error) => faults.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(message.text());
  });
  await page.goto(url);
  return { page, faults, [Symbol.asyncDispose]: () => page.close() };
}
