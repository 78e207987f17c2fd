/** `fetch` for uploads that tells how many bytes have gone, in pages and their workers: by XMLHttpRequest, since `fetch` cannot tell. */

/** `onSent` hears of bytes of the whole body, as the browser sends them. */
export function createXhrFetch(onSent: (sentBytes: number, totalBytes: number) => void): typeof globalThis.fetch {
  return (url, { method = 'GET', headers = {}, body = null, signal } = {}) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      request.open(method, String(url));
      request.responseType = 'blob';
      for (const [name, value] of new Headers(headers)) request.setRequestHeader(name, value);
      request.upload.onprogress = ({ loaded, total }) => onSent(loaded, total);
      request.onload = () => resolve(new Response(request.response as Blob, { status: request.status, headers: readHeaders(request) })); // by responseType
      request.onerror = () => reject(new TypeError('the request failed'));
      const stop = (): void => {
        request.abort();
        reject(signal?.reason);
      };
      if (signal?.aborted) return stop();
      signal?.addEventListener('abort', stop, { once: true });
      request.onloadend = () => signal?.removeEventListener('abort', stop);
      request.send(body as XMLHttpRequestBodyInit | null); // the transport sends forms only
    });
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
