/** A listener -> the parts of a request that tell its progress: bytes gone, waits for a server that has no place, and on a restoration its work. */
import type { OnProgress } from './engine-port.ts';
import { askForProgress } from './restore-with-progress.ts';
import type { RequestPlan, TransportSettings } from './transport.ts';
import { createXhrFetch } from './upload-xhr.ts';

/**
 * `fetch` tells the start and the end of an upload only; pages and their workers have more to ask.
 * @param size bytes of the picture
 * @param kind what is asked for; of jobs when left out
 */
export function followUpload(
  size: number,
  onProgress: OnProgress,
  { jobs, ownFetch, platform: { now } }: Pick<TransportSettings, 'jobs' | 'ownFetch' | 'platform'>,
  kind?: 'restore' | 'inspect',
): Pick<RequestPlan<never>, 'send' | 'onSent' | 'onWait' | 'init' | 'read'> {
  const start = now();
  // Bytes of the whole form, scaled to those of the picture: the rest is a few hundred.
  const onSent = (sent: number, total: number): void =>
    onProgress({ type: 'upload', sentBytes: Math.round((size * sent) / total), totalBytes: size, elapsedMs: now() - start });
  const onWait: RequestPlan<unknown>['onWait'] = (attempt, waitMs) => onProgress({ type: 'queue', attempt, waitMs, elapsedMs: now() - start });
  return {
    onSent,
    onWait,
    ...(!ownFetch && typeof XMLHttpRequest !== 'undefined' && { send: createXhrFetch(onSent) }),
    ...(kind === 'restore' && !jobs && (askForProgress(onProgress) as Pick<RequestPlan<never>, 'init' | 'read'>)), // whoever asks looks at what came
  };
}
