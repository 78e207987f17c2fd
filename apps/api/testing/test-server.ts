/** The real server on a free port of this machine, with the model of `models/manifest.json`; for tests and benches. */
import pino from 'pino';
import sharp from 'sharp';
import { readConfig } from '../src/config.ts';
import type { InferenceWorker } from '../src/engine/start-worker.ts';
import { type RunningServer, startServer } from '../src/runtime/node.ts';

/** @param environment on top of: a free port, the CPU, no rate, no log */
export async function startTestServer(
  environment: Readonly<Record<string, string>> = {},
  startWorker?: () => Promise<InferenceWorker>,
): Promise<RunningServer> {
  const config = readConfig({ PORT: '0', FAIRWEATHER_BACKEND: 'cpu', FAIRWEATHER_RATE_PER_MINUTE: '0', FAIRWEATHER_LOG_LEVEL: 'silent', ...environment });
  return startServer(config, pino({ level: config.logLevel }), startWorker);
}

/** A picture with something in it; deterministic. */
export async function paintPicture(
  width: number,
  height: number,
  format: 'png' | 'jpeg' | 'webp' | 'gif' | 'tiff' | 'avif' = 'png',
): Promise<Uint8Array<ArrayBuffer>> {
  const samples = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 40 + ((x * 7 + y * 13 + (i % 3) * 31) % 160) + ((x * y) % 17);
  });
  return new Uint8Array(
    await sharp(samples, { raw: { width, height, channels: 3 } })
      .toFormat(format)
      .toBuffer(),
  );
}
