/** An address of a picture -> its bytes; off unless hosts are named. Every redirect is checked like the first address. */
import type { IncomingMessage } from 'node:http';
import { ApiError } from '../api-error.ts';
import { type CheckedRequestDeps, createCheckedRequest } from '../net/checked-request.ts';

/** @throws ApiError `url-refused`, `url-failed`, `too-large`; the signal's reason */
export type FetchPicture = (url: string, signal: AbortSignal) => Promise<Uint8Array>;

export type FetchSettings = {
  /** As `createCheckedRequest` takes them. */
  readonly hosts: readonly string[];
  readonly maxBytes: number;
  /** For all of it, redirects included. */
  readonly timeoutMs: number;
};

const MAX_REDIRECTS = 3;

export function createPictureFetcher({ hosts, maxBytes, timeoutMs }: FetchSettings, deps: CheckedRequestDeps = {}): FetchPicture {
  const { check, send } = createCheckedRequest(hosts, deps);
  return async (text, outer) => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = AbortSignal.any([outer, timeout]);
    try {
      let url = check(text);
      for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
        const response = await send(url, { signal, headers: { Accept: 'image/*' } });
        const target = redirectOf(response);
        if (target === undefined) return await readPicture(response, maxBytes);
        response.destroy();
        url = check(new URL(target, url).href);
      }
      throw new ApiError('url-failed', `The address may lead on ${MAX_REDIRECTS} times, it leads on again; name the picture's own address.`);
    } catch (error) {
      if (outer.aborted) throw outer.reason;
      if (error instanceof ApiError) throw error;
      const what = timeout.aborted ? `gave no whole picture within ${timeoutMs} ms` : 'cannot be read';
      throw new ApiError('url-failed', `The address ${what}; send the picture itself.`, { cause: error });
    }
  };
}

function redirectOf({ statusCode = 0, headers: { location } }: IncomingMessage): string | undefined {
  return statusCode >= 300 && statusCode < 400 ? location : undefined;
}

async function readPicture(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const { statusCode, headers } = response;
  try {
    if (statusCode !== 200) throw new ApiError('url-failed', `The address must answer with status 200, it answers with ${statusCode}.`);
    if (Number(headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
    const chunks: Buffer[] = [];
    let length = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      length += chunk.length;
      if (length > maxBytes) throw tooLarge(maxBytes);
      chunks.push(chunk);
    }
    if (length === 0) throw new ApiError('url-failed', 'The address must give a picture, it gives zero bytes.');
    return Buffer.concat(chunks);
  } finally {
    response.destroy();
  }
}

function tooLarge(maxBytes: number): ApiError {
  return new ApiError('too-large', `A picture may have ${maxBytes} bytes, the one at this address has more.`);
}
