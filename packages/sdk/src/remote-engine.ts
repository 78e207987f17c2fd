/** The engine port over the HTTP API: pictures go to the server, restored ones and reports come back. */
import type { InspectMessage, RestoreMessage, ROUTES } from '@fairweather/core/contract';
import type { Engine, EngineInput, EngineRun, InspectOptions, RestoreOptions } from './engine-port.ts';
import { RestoreError } from './errors.ts';
import { buildForm } from './form-body.ts';
import { isPixels } from './input.ts';
import type { RequestPlan, Transport } from './transport.ts';

// Written out, though the compiler holds them to the contract: its table would bring all paths into every page.
const RESTORE_PATH: (typeof ROUTES)['restore'] = '/v1/restore';
const INSPECT_PATH: (typeof ROUTES)['inspect'] = '/v1/inspect';
/** The picture has come by itself where progress was asked for. */
type Restored = RestoreMessage & { readonly image: { readonly blob?: Blob } };
type Path = typeof RESTORE_PATH | typeof INSPECT_PATH;

/** @param retryConnection whether a connection that failed is tried again, or left at once to whoever steps in */
export function createRemoteEngine(transport: Transport, retryConnection: boolean): Engine {
  const plan = async (path: Path, input: EngineInput, options: RestoreOptions): Promise<RequestPlan<never> & { readonly body: FormData }> => {
    const picture = checkUpload(input, options);
    const { signal, onProgress } = options;
    const kind = path === INSPECT_PATH ? 'inspect' : 'restore';
    const progress = onProgress && (await import('./upload-progress.ts')).followUpload(picture.size, onProgress, transport.settings, kind);
    const body = buildForm(picture, options, kind);
    return { path, body, signal, retryConnection, ...progress };
  };
  const facts = () => import('./remote-facts.ts');
  return {
    kind: 'remote',
    async restore(input, options = {}) {
      const upload = await plan(RESTORE_PATH, input, options);
      if (transport.settings.jobs) return (await import('./restore-as-job.ts')).restoreAsJob(transport, upload, options);
      const { message, requestId } = await transport.request<Restored>(upload);
      const { image, report } = message;
      if (typeof report !== 'object' || !(image?.blob ?? image?.dataUrl)) throw strange(requestId);
      return { image: image.blob ?? decodeDataUrl(image.dataUrl, image.mediaType), report: { ...report, run: runOf(requestId) } };
    },
    async inspect(input, options: InspectOptions = {}) {
      const { message, requestId } = await transport.request<InspectMessage>(await plan(INSPECT_PATH, input, options));
      if (typeof message.report !== 'object') throw strange(requestId);
      return { ...message.report, run: runOf(requestId) };
    },
    preload: async (options) => (await facts()).preloadRemote(transport, options),
    isCached: async () => false,
    stored: async () => ({ models: [], engineBytes: 0, otherBytes: 0, totalBytes: 0 }),
    clearCache: async () => {},
    capabilities: async (options) => (await facts()).askCapabilities(transport, options),
    dispose: async () => {},
  };
}

function runOf(requestId: string): EngineRun {
  return { engine: 'remote', fallbacks: [], notes: [], requestId };
}

/** @throws RestoreError `invalid-option` where the server cannot do what is asked */
export function checkUpload(input: EngineInput, options: Pick<RestoreOptions, 'limits'>): Blob {
  const reason = onDeviceOnly(input, options);
  if (reason) throw new RestoreError('invalid-option', `${reason}; use another backend.`);
  return input as Blob; // pixels are such a reason
}

/** What keeps a call from the server, as a sentence's beginning; undefined when nothing does. */
export function onDeviceOnly(input: EngineInput, { limits: { maxPixels, maxSidePx } = {} }: Pick<RestoreOptions, 'limits'>): string | undefined {
  if (isPixels(input)) return 'The server takes picture files, not pixels';
  return maxPixels === undefined && maxSidePx === undefined ? undefined : 'The server has its own limits.maxPixels and limits.maxSidePx';
}

function decodeDataUrl(dataUrl: string, mediaType: string): Blob {
  const binary = atob(dataUrl.slice(dataUrl.indexOf(',') + 1));
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
  return new Blob([bytes], { type: mediaType });
}

function strange(requestId: string): RestoreError {
  return new RestoreError('bad-response', 'The answer is not of the Fairweather API; look at baseUrl.', { requestId });
}
