/** A listener -> the parts of a request that tell its progress: bytes gone, and waits for a server that has no place. */
import type { OnProgress } from './engine-port.ts';
import type { RequestPlan, TransportSettings } from './transport.ts';
import { createXhrFetch } from './upload-xhr.ts';

/** `fetch` tells the start and the end of an upload only; pages and their workers have more to ask. @param size bytes of the picture */
export function followUpload(
  size: number,
  onProgress: OnProgress,
  { ownFetch, platform: { now } }: Pick<TransportSettings, 'ownFetch' | 'platform'>,
): Pick<RequestPlan<unknown>, 'send' | 'onSent' | 'onWait'> {
  const start = now();
  // Bytes of the whole form, scaled to those of the picture: the rest is a few hundred.
  const onSent = (sent: number, total: number): void =>
    onProgress({ type: 'upload', sentBytes: Math.round((size * sent) / total), totalBytes: size, elapsedMs: now() - start });
  const onWait: RequestPlan<unknown>['onWait'] = (attempt, waitMs) => onProgress({ type: 'queue', attempt, waitMs, elapsedMs: now() - start });
  return !ownFetch && typeof XMLHttpRequest !== 'undefined' ? { send: createXhrFetch(onSent), onWait } : { onSent, onWait };
}
