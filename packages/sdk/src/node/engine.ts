/** The engine port on Node, Deno and Bun: core on onnxruntime-node, whose network runs in a worker thread. */
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { InspectOptions as CoreInspectOptions, OnProgress as CoreOnProgress, Restorer } from '@fairweather/core';
import { createNodeCodec, createNodeRestorer, openModelsDir } from '@fairweather/core/node';
import { linkSignal } from '../deadline.ts';
import type { Engine, EngineInput, EngineRun, LocalEngineOptions, OnProgress, PreloadOptions } from '../engine-port.ts';
import { asClientError, isRestoreError, RestoreError } from '../errors.ts';
import { isPixels } from '../input.ts';

/** Where the models lie, and what they run on. */
export type NodeEngineOptions = Pick<LocalEngineOptions, 'models' | 'threads'> & {
  /** Execution provider of onnxruntime-node; `auto` is CUDA where it is installed and works, else the CPU. @default 'auto' */
  readonly provider?: 'auto' | 'cpu' | 'cuda' | 'webgpu';
};

/**
 * An engine that works in this process. Nothing is loaded before its first call. Where its thread is lost, a new one takes its place and does
 * the work once more.
 * @throws RestoreError `invalid-option`
 */
export async function createNodeEngine(options: NodeEngineOptions & LocalEngineOptions = {}): Promise<Engine> {
  const { provider = 'auto', threads = availableParallelism() } = options;
  const modelsDir = options.models === undefined ? undefined : folderOf(options.models);
  refuseBrowserOptions(options);
  const disposal = new AbortController();
  let restorer: Promise<Restorer> | undefined;

  const open = (): Promise<Restorer> => {
    if (restorer !== undefined) return restorer;
    const opening = createNodeRestorer({ backend: provider, threads, ...(modelsDir === undefined ? {} : { modelsDir }) });
    restorer = opening;
    opening.catch(() => {
      if (restorer === opening) restorer = undefined; // the next call tries again; this one's error reaches its caller
    });
    return opening;
  };
  /** Only the first of the calls that a lost thread leaves behind replaces it. */
  const replace = (lost: Promise<Restorer>): void => {
    if (restorer !== lost) return;
    restorer = undefined;
    lost.then((opened) => opened.dispose()).catch(() => {}); // its thread is gone; there is nothing to free but what has ended
  };

  const run = async <T>(
    signal: AbortSignal | undefined,
    work: (restorer: Restorer, signal: AbortSignal, notes: readonly string[]) => Promise<T>,
  ): Promise<T> => {
    const controller = new AbortController();
    const unlink = [linkSignal(disposal.signal, controller), linkSignal(signal, controller)];
    try {
      controller.signal.throwIfAborted();
      const used = open();
      try {
        return await work(await used, controller.signal, []);
      } catch (error) {
        if (!isRestoreError(error) || error.code !== 'backend-failed') throw error;
        replace(used);
        controller.signal.throwIfAborted();
        return await work(await open(), controller.signal, [`Inference failed once and was started anew: ${error.message}`]);
      }
    } catch (error) {
      throw asClientError(error);
    } finally {
      for (const release of unlink) release();
    }
  };
  const runFacts = (notes: readonly string[]): EngineRun => ({ engine: 'node', fallbacks: [], notes, threads });

  return {
    kind: 'node',
    restore: (input, options = {}) =>
      run(options.signal, async (used, signal, notes) => {
        const { image, mediaType, report } = await used.restore(await asFile(input), forCore(options, signal));
        return { image: new Blob([image], { type: mediaType }), report: { ...report, run: runFacts(notes) } };
      }),
    inspect: (input, options = {}) =>
      run(options.signal, async (used, signal, notes) => ({ ...(await used.inspect(await asFile(input), forCore(options, signal))), run: runFacts(notes) })),
    preload: (options: PreloadOptions = {}) => run(options.signal, (used, signal) => used.load(forCore(options, signal))),
    isCached: ({ model, precision = 'fp32' } = {}) => isInstalled(modelsDir, model, precision),
    /** Models are installed, not stored: there is nothing to tell, and nothing to remove. */
    stored: async () => ({ models: [], engineBytes: 0, otherBytes: 0, totalBytes: 0 }),
    clearCache: async () => {},
    async capabilities({ model } = {}) {
      const reason = await open()
        .then(async () => (await openModelsDir(modelsDir)).load({ model, precision: 'fp32' }))
        .then(
          () => undefined,
          (error: unknown) => (error as Error).message,
        );
      return [
        {
          engine: 'node',
          available: reason === undefined,
          ...(reason === undefined ? {} : { reason }),
          precisions: ['fp32', 'fp16'],
          threads,
          inputFormats: ['jpeg', 'png', 'webp', 'gif', 'avif', 'tiff'],
          outputFormats: ['jpeg', 'png', 'webp', 'avif'],
          downloadBytes: 0,
          notes: [],
        },
      ];
    },
    async dispose() {
      disposal.abort(new RestoreError('disposed', 'Expected a living engine, this one was disposed of; create another.'));
      const opened = await restorer?.catch(() => undefined); // one that never opened has nothing to free
      await opened?.dispose();
    },
  };
}

/** The core knows fewer events than the port, all of them among the port's. */
function forCore<O extends CoreInspectOptions>(
  { onProgress, ...options }: Omit<O, 'onProgress'> & { readonly onProgress?: OnProgress },
  signal: AbortSignal,
): O {
  return { ...options, signal, ...(onProgress === undefined ? {} : { onProgress: onProgress satisfies CoreOnProgress }) } as unknown as O; // the same options, the signal replaced
}

/** Pixels become a PNG: every sample survives, and what comes after need not know. */
async function asFile(input: EngineInput): Promise<Blob> {
  if (!isPixels(input)) return input;
  if (!('data' in input)) throw new RestoreError('invalid-option', 'Expected a picture file or ImageData, got an ImageBitmap, which this runtime cannot read.');
  const { width, height, data } = input;
  const pixels = { width, height, channels: 4, data: new Uint8Array(data) } as const;
  return new Blob([(await createNodeCodec().encode(pixels, { format: 'png', keep: 'keep' })).bytes]);
}

async function isInstalled(modelsDir: string | undefined, model: string | undefined, precision: 'fp32' | 'fp16'): Promise<boolean> {
  try {
    await (await openModelsDir(modelsDir)).load({ model, precision });
    return true;
  } catch (error) {
    if (isRestoreError(error)) return false;
    throw error;
  }
}

/** @throws RestoreError `invalid-option` */
function folderOf(models: string | URL): string {
  const text = String(models);
  if (text.startsWith('file:')) return fileURLToPath(text);
  if (/^[a-z][a-z\d+.-]+:\/\//i.test(text))
    throw new RestoreError(
      'invalid-option',
      `models must be a folder's path or file URL in Node, got ${text}; install @fairweather/models, or download them.`,
      {
        details: { option: 'models' },
      },
    );
  return text;
}

function refuseBrowserOptions({ backend = 'auto', assets }: LocalEngineOptions): void {
  const option = backend !== 'auto' ? 'backend' : assets !== undefined ? 'assets' : undefined;
  if (option !== undefined) throw new RestoreError('invalid-option', `${option} is for engines of a browser; leave it out in Node.`, { details: { option } });
}
