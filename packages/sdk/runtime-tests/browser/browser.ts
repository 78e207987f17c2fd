/** A real Chromium with WebGPU on its software adapter, and pages of a site in it. */
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { launchChromium } from '../../../../scripts/launch-chromium.ts';

/** Its memory can be measured at once. */
export function launchBrowser(): Promise<Browser> {
  return launchChromium({ webgpu: true, flags: ['--enable-blink-features=ForceEagerMeasureMemory'] });
}

/** A page with `inPage` ready. What it complains about is collected. */
export async function openPage(context: BrowserContext, origin: string, complaints: string[] = []): Promise<Page> {
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => message.type() === 'error' && complaints.push(message.text()));
  await page.goto(`${origin}/`);
  await page.waitForFunction(() => 'inPage' in globalThis);
  return page;
}
