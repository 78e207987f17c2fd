/** The engine port over the HTTP API: pictures go to the server, restored ones and reports come back. */
import { type InspectMessage, type LimitsMessage, type ModelsMessage, type RestoreMessage, ROUTES } from '@fairweather/core/contract';
import type { Engine, EngineInput, EngineRun, InspectOptions, RestoreOptions } from './engine-port.ts';
import { RestoreError } from './errors.ts';
import { buildForm } from './form-body.ts';
import { isPixels } from './input.ts';
import type { Answer, RequestPlan, Transport } from './transport.ts';

export type RemoteOptions = {
  /** Whether XMLHttpRequest may be used, which alone tells the bytes of an upload. */
  readonly xhr: boolean;
  /** Whether a connection that failed is tried again, or left at once to whoever steps in. */
  readonly retryConnection: boolean;
  /** Milliseconds of a monotonic clock. */
  now(): number;
};

export function createRemoteEngine(transport: Transport, remote: RemoteOptions): Engine {
  const { retryConnection } = remote;
  const upload = async <T>(path: string, input: EngineInput, options: RestoreOptions, kind: 'restore' | 'inspect'): Promise<Answer<T>> => {
    const picture = checkUpload(input, options);
    const progress = await followUpload(picture.size, options, remote);
    const answer = await transport.request<T>({ path, body: buildForm(picture, options, kind), signal: options.signal, retryConnection, ...progress });
    if (typeof (answer.message as { readonly report?: unknown }).report !== 'object') throw strange(answer.requestId);
    return answer;
  };
  return {
    kind: 'remote',
    async restore(input, options = {}) {
      const { message, requestId } = await upload<RestoreMessage>(ROUTES.restore, input, options, 'restore');
      if (typeof message.image?.dataUrl !== 'string') throw strange(requestId);
      return { image: decodeDataUrl(message.image.dataUrl, message.image.mediaType), report: { ...message.report, run: runOf(requestId) } };
    },
    async inspect(input, options: InspectOptions = {}) {
      const { message, requestId } = await upload<InspectMessage>(ROUTES.inspect, input, options, 'inspect');
      return { ...message.report, run: runOf(requestId) };
    },
    /** Asks for the models, which also wakes a server that sleeps. */
    async preload({ model, precision = 'fp32', signal } = {}) {
      const { models } = (await transport.request<ModelsMessage>({ path: ROUTES.models, signal })).message;
      const found = models.find(({ name, default: chosen }) => (model === undefined ? chosen : name === model));
      if (found === undefined)
        throw new RestoreError('model-not-found', `The server has the models ${models.map(({ name }) => name).join(', ')}, not ${model}; choose one of them.`);
      return { backend: 'remote', precision, model: { name: found.name, version: found.version } };
    },
    isCached: async () => false,
    clearCache: async () => {},
    async capabilities() {
      const facts = { engine: 'remote', notes: [], downloadBytes: 0 } as const;
      try {
        const ask = <T>(path: string): Promise<Answer<T>> => transport.request<T>({ path, maxRetries: 0 });
        const [limits, { message }] = await Promise.all([ask<LimitsMessage>(ROUTES.limits), ask<ModelsMessage>(ROUTES.models)]);
        const { inputFormats, outputFormats } = limits.message;
        const precisions = message.models.find((model) => model.default)?.precisions ?? [];
        return [{ ...facts, available: true, inputFormats, outputFormats, precisions }];
      } catch (error) {
        return [{ ...facts, available: false, reason: (error as Error).message, inputFormats: [], outputFormats: [], precisions: [] }];
      }
    },
    dispose: async () => {},
  };
}

function runOf(requestId: string): EngineRun {
  return { engine: 'remote', fallbacks: [], notes: [], requestId };
}

/** @throws RestoreError `invalid-option` where the server cannot do what is asked */
function checkUpload(input: EngineInput, { limits }: Pick<RestoreOptions, 'limits'>): Blob {
  const reason = onDeviceOnly(input, limits);
  if (reason !== undefined || isPixels(input)) throw new RestoreError('invalid-option', `${reason}; use another backend, or leave it out.`);
  return input;
}

/** What keeps a call from the server, as a sentence's beginning; undefined when nothing does. */
export function onDeviceOnly(input: EngineInput, { maxPixels, maxSidePx }: NonNullable<RestoreOptions['limits']> = {}): string | undefined {
  if (isPixels(input)) return 'The server takes picture files, not pixels';
  return maxPixels === undefined && maxSidePx === undefined ? undefined : 'The server has its own limits.maxPixels and limits.maxSidePx';
}

/** The parts of a request that tell its progress; none when nobody listens. `fetch` tells the start and the end of an upload only. */
async function followUpload(
  size: number,
  { onProgress }: Pick<RestoreOptions, 'onProgress'>,
  { xhr, now }: RemoteOptions,
): Promise<Pick<RequestPlan, 'send' | 'onSent' | 'onWait'>> {
  if (onProgress === undefined) return {};
  const start = now();
  // Bytes of the whole form, scaled to those of the picture: the rest is a few hundred.
  const onSent = (sent: number, total: number): void =>
    onProgress({ type: 'upload', sentBytes: Math.round((size * sent) / total), totalBytes: size, elapsedMs: now() - start });
  const onWait: RequestPlan['onWait'] = (attempt, waitMs) => onProgress({ type: 'queue', attempt, waitMs, elapsedMs: now() - start });
  return xhr ? { send: (await import('./upload-xhr.ts')).createXhrFetch(onSent), onWait } : { onSent, onWait };
}

function decodeDataUrl(dataUrl: string, mediaType: string): Blob {
  const binary = atob(dataUrl.slice(dataUrl.indexOf(',') + 1));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Blob([bytes], { type: mediaType });
}

function strange(requestId: string): RestoreError {
  return new RestoreError('bad-response', 'Expected a report of the Fairweather API, the answer has none; look at baseUrl.', { requestId });
}
