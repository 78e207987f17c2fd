import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DEFAULT_LIMITS } from '@fairweather/core';
import { afterAll, describe, expect, it } from 'vitest';
import { type PictureInput, readPicture } from './input.ts';
import { MAX_BYTES } from './input-limit.ts';

const bytes = Uint8Array.of(9, 1, 2, 3, 9);
const folder = await mkdtemp(join(tmpdir(), 'fairweather-input-'));
const path = join(folder, 'picture.bin');
await writeFile(path, bytes);
afterAll(() => rm(folder, { recursive: true }));

const never: typeof fetch = () => Promise.reject(new Error('no network in this test'));
const read = async (input: PictureInput, options: { maxBytes?: number; fetch?: typeof fetch; signal?: AbortSignal } = {}): Promise<number[]> => [
  ...new Uint8Array(await ((await readPicture(input, { fetch: never, ...options })) as Blob).arrayBuffer()),
];
const streamOf = (chunks: readonly Uint8Array<ArrayBuffer>[], onCancel: () => void = () => {}): ReadableStream<Uint8Array> => {
  const left = [...chunks];
  return new ReadableStream(
    {
      pull: (c) => {
        const chunk = left.shift();
        if (chunk) c.enqueue(chunk);
        else c.close();
      },
      cancel: onCancel,
    },
    { highWaterMark: 0 },
  );
};

describe('a picture', () => {
  it.each<[string, () => PictureInput]>([
    ['a Blob', () => new Blob([bytes])],
    ['a File', () => new File([bytes], 'a.png')],
    ['an ArrayBuffer', () => bytes.slice().buffer],
    ['a typed array', () => bytes],
    ['a stream', () => streamOf([bytes.slice(0, 2), bytes.slice(2)])],
    ['a path', () => path],
    ['a file URL', () => pathToFileURL(path)],
    ['a file URL as text', () => pathToFileURL(path).href],
  ])('may be %s', async (_, input) => expect(await read(input())).toEqual([...bytes]));
  it('may be a part of a larger buffer', async () => expect(await read(bytes.subarray(1, 4))).toEqual([1, 2, 3]));
  it('may be a URL, which is fetched', async () => {
    const asked: string[] = [];
    const fetch = async (url: unknown): Promise<Response> => {
      asked.push(String(url));
      return new Response(bytes);
    };
    expect(await read('https://pictures.example/a.png', { fetch })).toEqual([...bytes]);
    expect(await read(new URL('https://pictures.example/b.png'), { fetch })).toEqual([...bytes]);
    expect(asked).toEqual(['https://pictures.example/a.png', 'https://pictures.example/b.png']);
  });
  it('may be pixels, which are left as they are', async () => {
    const pixels = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
    expect(await readPicture(pixels, { fetch: never })).toBe(pixels);
  });
});

describe('a picture is refused', () => {
  it('when nothing is in it', () => expect(read(new Uint8Array())).rejects.toMatchObject({ code: 'empty-input' }));
  it('when it is of no such kind', () => expect(read(5 as unknown as Blob)).rejects.toMatchObject({ code: 'invalid-option' }));
  it('when it is not there', () => expect(read(join(folder, 'other.bin'))).rejects.toMatchObject({ code: 'not-found' }));
  it('when its address has nothing', () =>
    expect(read('https://pictures.example/a', { fetch: async () => new Response('gone', { status: 410 }) })).rejects.toMatchObject({
      code: 'not-found',
      status: 410,
    }));
  it('when it is larger than the limit', () => expect(read(bytes, { maxBytes: 4 })).rejects.toMatchObject({ code: 'too-large', details: { maxBytes: 4 } }));
  it('when a stream gives more than the limit, without reading on', async () => {
    const cancelled: unknown[] = [];
    const endless = new ReadableStream<Uint8Array>(
      { pull: (c) => c.enqueue(new Uint8Array(10)), cancel: (why) => void cancelled.push(why) },
      { highWaterMark: 0 },
    );
    await expect(read(endless, { maxBytes: 25 })).rejects.toMatchObject({ code: 'too-large' });
    expect(cancelled).toHaveLength(1);
  });
  it('when an address declares more than the limit, before any of it is read', async () => {
    let pulled = 0;
    const body = new ReadableStream({ pull: () => void pulled++ }, { highWaterMark: 0 });
    const fetch = async (): Promise<Response> => new Response(body, { headers: { 'Content-Length': '99' } });
    await expect(read('https://pictures.example/a', { fetch, maxBytes: 25 })).rejects.toMatchObject({ code: 'too-large' });
    expect(pulled).toBe(0);
  });
  it('when the abort comes while a stream is read', async () => {
    const controller = new AbortController();
    const cancelled: unknown[] = [];
    const stream = new ReadableStream<Uint8Array>({ pull: () => new Promise(() => {}), cancel: (why) => void cancelled.push(why) });
    const reading = read(stream, { signal: controller.signal });
    setTimeout(() => controller.abort(), 0);
    await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    expect(cancelled).toHaveLength(1);
  });
});

it('the limit is core’s', () => expect(MAX_BYTES).toBe(DEFAULT_LIMITS.maxBytes));
