/** A real Chromium with WebGPU on its software adapter, and pages of a site in it. */
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { findChromium } from '../../../../scripts/find-chromium.ts';

/** SwiftShader is Chromium's own Vulkan on the CPU; the rest keeps Chromium from calling home, and lets memory be measured at once. */
const FLAGS: readonly string[] = [
  '--headless=new',
  '--no-sandbox',
  '--enable-unsafe-webgpu',
  '--use-webgpu-adapter=swiftshader',
  '--enable-features=Vulkan',
  '--disable-background-networking',
  '--no-first-run',
  '--disable-component-update',
  '--disable-sync',
  '--disable-quic',
  '--enable-blink-features=ForceEagerMeasureMemory',
];

export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined)
    throw new Error('Expected Chromium or Chrome, found none; run npm test, which installs one, or name one with CHROMIUM_PATH.');
  return chromium.launch({ executablePath, args: [...FLAGS] });
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
