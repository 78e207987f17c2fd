import { describe, expect, it } from 'vitest';
import { download, type PartialFile } from './download.ts';

const URL_OF_FILE = 'https://models.example/weights/a.onnx';
const FILE = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
const text = async (blob: Blob): Promise<number[]> => Array.from(new Uint8Array(await blob.arrayBuffer()));

type Answer = { readonly status?: number; readonly breakAfter?: number; readonly ignoreRange?: boolean; readonly headers?: Record<string, string> } | Error;

/** A server that answers in turn; the last answer again and again. */
function serve(...answers: readonly Answer[]) {
  const ranges: (string | null)[] = [];
  const fetch = (async (_: unknown, init: RequestInit = {}) => {
    init.signal?.throwIfAborted();
    const range = new Headers(init.headers).get('range');
    const answer = answers[Math.min(ranges.length, answers.length - 1)] as Answer; // there is at least one
    ranges.push(range);
    if (answer instanceof Error) throw answer;
    const from = answer.ignoreRange ? 0 : Number(/\d+/.exec(range ?? '0')?.[0]);
    const body = FILE.subarray(from);
    const stream = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(body.subarray(0, answer.breakAfter ?? body.length));
        if (answer.breakAfter === undefined) controller.close();
        else setTimeout(() => controller.error(new TypeError('network error'))); // after what came has been read
      },
    });
    const status = answer.status ?? (from > 0 ? 206 : 200);
    return new Response(stream, { status, headers: { 'content-length': String(body.length), ...answer.headers } });
  }) as typeof globalThis.fetch;
  return { fetch, ranges };
}
const options = { pausesMs: [0, 0] } as const;
const fresh = (): PartialFile => ({ parts: [], bytes: 0 });

describe('download', () => {
  it('tells bytes as they come, and the total where the server states it', async () => {
    const seen: unknown[] = [];
    const { fetch } = serve({});
    expect(await text(await download(URL_OF_FILE, { ...options, fetch, onBytes: (...event) => seen.push(event) }))).toEqual(Array.from(FILE));
    expect(seen.at(-1)).toEqual([1000, 1000]);
    const encoded: unknown[] = [];
    await download(URL_OF_FILE, { ...options, fetch: serve({ headers: { 'content-encoding': 'br' } }).fetch, onBytes: (_, total) => encoded.push(total) });
    expect(encoded).toEqual([undefined]); // the length of what is sent is not the length of the file
  });
  it('goes on where the connection broke off', async () => {
    const { fetch, ranges } = serve({ breakAfter: 400 }, { breakAfter: 300 }, {});
    expect(await text(await download(URL_OF_FILE, { ...options, fetch, partial: fresh() }))).toEqual(Array.from(FILE));
    expect(ranges).toEqual([null, 'bytes=400-', 'bytes=700-']);
  });
  it('begins anew where the server knows no ranges, or the file has no hash', async () => {
    const whole = serve({ breakAfter: 400 }, { ignoreRange: true, status: 200 });
    expect(await text(await download(URL_OF_FILE, { ...options, fetch: whole.fetch, partial: fresh() }))).toEqual(Array.from(FILE));
    const unhashed = serve({ breakAfter: 400 }, {});
    expect(await text(await download(URL_OF_FILE, { ...options, fetch: unhashed.fetch }))).toEqual(Array.from(FILE));
    expect(unhashed.ranges).toEqual([null, null]);
  });
  it('keeps what came for the next call when it is aborted', async () => {
    const partial = fresh();
    const abort = new AbortController();
    const first = download(URL_OF_FILE, {
      ...options,
      fetch: serve({ breakAfter: 400 }, {}).fetch,
      partial,
      signal: abort.signal,
      onBytes: () => abort.abort(),
    });
    await expect(first).rejects.toMatchObject({ name: 'AbortError' });
    expect(partial.bytes).toBe(400);
    const { fetch, ranges } = serve({});
    expect(await text(await download(URL_OF_FILE, { ...options, fetch, partial }))).toEqual(Array.from(FILE));
    expect(ranges).toEqual(['bytes=400-']);
  });
  it('gives up after three attempts, and at once on a file that is not there', async () => {
    const broken = serve(new TypeError('Failed to fetch'));
    await expect(download(URL_OF_FILE, { ...options, fetch: broken.fetch })).rejects.toMatchObject({ code: 'connection-failed', retryable: true });
    expect(broken.ranges).toHaveLength(3);
    const overloaded = serve({ status: 503 }, {});
    expect((await download(URL_OF_FILE, { ...options, fetch: overloaded.fetch })).size).toBe(1000);
    const missing = serve({ status: 404 });
    await expect(download(URL_OF_FILE, { ...options, fetch: missing.fetch })).rejects.toMatchObject({ code: 'model-not-found', status: 404 });
    expect(missing.ranges).toHaveLength(1);
  });
});
