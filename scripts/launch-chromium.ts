/** A real Chromium for tests, with WebGPU on its software adapter where it is asked for. */
import { type Browser, chromium } from 'playwright-core';
import { findChromium } from './find-chromium.ts';

/** Keep it from calling home. */
const QUIET: readonly string[] = ['--disable-background-networking', '--no-first-run', '--disable-component-update', '--disable-sync', '--disable-quic'];
/** SwiftShader is Chromium's own Vulkan on the CPU. */
const WEBGPU: readonly string[] = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader', '--enable-features=Vulkan'];

export type ChromiumOptions = {
  /** @default false */
  readonly webgpu?: boolean;
  /** Whatever else. */
  readonly flags?: readonly string[];
};

/** @throws Error when there is none */
export async function launchChromium({ webgpu = false, flags = [] }: ChromiumOptions = {}): Promise<Browser> {
  const executablePath = findChromium();
  if (executablePath === undefined)
    throw new Error('Expected Chromium or Chrome, found none; run npm test, which installs one, or name one with CHROMIUM_PATH.');
  return chromium.launch({ executablePath, args: ['--headless=new', '--no-sandbox', ...QUIET, ...(webgpu ? WEBGPU : []), ...flags] });
}
