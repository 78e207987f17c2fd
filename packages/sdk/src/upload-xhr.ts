/**
 * `fetch` for uploads that tells how many bytes have gone, in pages and their workers: by XMLHttpRequest, since `fetch` cannot tell. An answer that
 * tells progress is handed on as it comes, others whole.
 */
import { PROGRESS_TYPE } from '@fairweather/core/contract';

/** `onSent` hears of bytes of the whole body, as the browser sends them. */
export function createXhrFetch(onSent: (sentBytes: number, totalBytes: number) => void): typeof globalThis.fetch {
  return (url, { method = 'GET', headers = {}, body = null, signal } = {}) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      let fail: (reason: unknown) => void = reject;
      request.open(method, String(url));
      for (const [name, value] of new Headers(headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded, total }) => onSent(loaded, total);
      request.onreadystatechange = () => {
        if (request.readyState !== XMLHttpRequest.HEADERS_RECEIVED) return;
        if (request.getResponseHeader('Content-Type')?.startsWith(PROGRESS_TYPE)) {
          const stream = streamOf(request);
          fail = stream.fail;
          resolve(answerOf(request, stream.body));
        } else request.responseType = 'blob';
      };
      request.onload = () => {
        if (fail === reject) resolve(answerOf(request, request.response as Blob)); // by responseType
      };
      request.onerror = () => fail(new TypeError('the request failed'));
      const stop = (): void => {
        request.abort();
        fail(signal?.reason);
      };
      if (signal?.aborted) return stop();
      signal?.addEventListener('abort', stop, { once: true });
      request.onloadend = () => signal?.removeEventListener('abort', stop);
      request.send(body as XMLHttpRequestBodyInit | null); // the transport sends forms and blobs only
    });
}

/** Bytes as they come: only text can be looked at before it is whole, and in this encoding every byte is one letter. */
function streamOf(request: XMLHttpRequest): { readonly body: ReadableStream<Uint8Array>; readonly fail: (reason: unknown) => void } {
  request.overrideMimeType('text/plain; charset=x-user-defined');
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let [seen, over] = [0, false];
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
    cancel() {
      over = true;
      request.abort();
    },
  });
  const hand = (): void => {
    const { responseText } = request;
    if (over || responseText.length === seen) return;
    const start = seen;
    seen = responseText.length;
    controller?.enqueue(Uint8Array.from({ length: seen - start }, (_, i) => responseText.charCodeAt(start + i) & 255));
  };
  const end = (how: () => void): void => {
    if (!over) how();
    over = true;
  };
  request.onprogress = hand;
  request.onload = () => {
    hand();
    end(() => controller?.close());
  };
  return { body, fail: (reason) => end(() => controller?.error(reason)) };
}

function answerOf(request: XMLHttpRequest, body: BodyInit): Response {
  return new Response(body, { status: request.status, headers: readHeaders(request) });
}

function readHeaders(request: XMLHttpRequest): Headers {
  const lines = request
    .getAllResponseHeaders()
    .trim()
    .split(/[\r\n]+/);
  return new Headers(
    lines.filter((line) => line.includes(':')).map((line): [string, string] => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
  );
}
