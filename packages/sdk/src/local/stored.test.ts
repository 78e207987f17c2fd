import { expect, it } from 'vitest';
import type { FileCache } from './file-cache.ts';
import { findPlaces, modelFileFacts, runtimeFileFacts } from './places.ts';
import { findStored } from './stored.ts';

const places = findPlaces('https://host.example/models/', undefined);
const entry = (name: string): { readonly file: string; readonly sha256: string; readonly bytes: number } => ({ file: name, sha256: name.repeat(8), bytes: 1 });
const manifest = {
  defaultModel: 'small',
  models: {
    small: { graphs: { denoiser: { fp32: entry('a'), fp16: entry('b') } }, promptPool: entry('c') },
    large: { graphs: { denoiser: { fp32: entry('d') } }, promptPool: entry('c') },
  },
};
const keyOf = (name: string): string => modelFileFacts(entry(name), places.models).key;

/** A cache that lists these files, and has the manifest if it is among them. */
function listing(files: Readonly<Record<string, number>>): FileCache {
  const list = async (): ReturnType<FileCache['list']> => Object.entries(files).map(([key, bytes]) => ({ key, bytes }));
  const get = async (key: string): Promise<Blob | undefined> => (key in files ? new Blob([JSON.stringify(manifest)]) : undefined);
  return { list, get } as unknown as FileCache; // the rest is not asked
}

it('is told by model, with the precisions that are complete, and apart what is of no use', async () => {
  const stored = await findStored(
    listing({
      [`manifest/${encodeURIComponent('https://host.example/models/manifest.json')}`]: 5,
      [keyOf('a')]: 100,
      [keyOf('c')]: 10,
      [keyOf('x')]: 7,
      [runtimeFileFacts('https://host.example/assets/ort-1a.wasm', 'wasm').key]: 1000,
      'runtime/0.1.0/wasm/ort-0a.wasm': 900,
    }),
    places,
  );
  expect(stored).toEqual({
    models: [
      { name: 'small', bytes: 110, precisions: ['fp32'] },
      { name: 'large', bytes: 10, precisions: [] }, // the pool they share
    ],
    engineBytes: 1000,
    otherBytes: 5 + 7 + 900,
    totalBytes: 2022,
  });
});

it('is nothing where nothing is', async () => {
  expect(await findStored(listing({}), places)).toEqual({ models: [], engineBytes: 0, otherBytes: 0, totalBytes: 0 });
});
