import { chromium, type Browser, type Page } from 'playwright-core';
import { findChromium } from './chromium.ts';

/** A page in a browser that records its faults. */
export interface WatchedPage extends AsyncDisposable {
  page: Page;
  /** Failed loads, violations of the page's policy, and errors of its scripts. Refusals of the API are not included. */
  readonly faults: readonly string[];
}

/** Starts headless Chromium. */
export async function startBrowser(bun: string, env: Readonly<Record<string, string>>): Promise<Browser> {
  const executablePath = await findChromium(bun, env);
  // Chromium has no sandbox as root, and these pages are trusted.
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
