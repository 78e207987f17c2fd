/**
 * The self-test of one backend on this machine: starts an inference process and prints how near to PyTorch it computes, or why it was refused.
 *
 *     npm run self-test -w @fairweather/api -- webgpu
 *     LD_LIBRARY_PATH=/usr/lib/chromium VK_DRIVER_FILES=/usr/lib/chromium/vk_swiftshader_icd.json XDG_RUNTIME_DIR=/tmp npm run self-test -w @fairweather/api -- webgpu
 *
 * The second on the software adapter of Debian's Chromium, where there is no GPU.
 */
import { readConfig } from '../src/config.ts';
import { startInferenceWorker } from '../src/engine/start-worker.ts';

const { worker: settings } = readConfig({ FAIRWEATHER_BACKEND: process.argv[2] ?? 'auto' });
const begin = performance.now();
const worker = await startInferenceWorker(settings);
const seconds = ((performance.now() - begin) / 1000).toFixed(1);
console.log(
  `${worker.backend}: ${worker.psnrDb.toFixed(1)} dB to PyTorch, ready after ${seconds} s${worker.refused.map((why) => `; refused: ${why}`).join('')}`,
);
await worker.end();
