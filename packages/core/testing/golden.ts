/** `models/fixtures/<model>/golden.json` and its side file -> named arrays computed by PyTorch (`models/recipe/parity.py`). */
import { readFileSync } from 'node:fs';

/** One array: what PyTorch computed, and how near TypeScript must come. */
export type GoldenArray = {
  readonly dims: readonly number[];
  readonly data: Float32Array;
  /** Largest allowed absolute difference, and the reason for it. */
  readonly tolerance: number;
  readonly why: string;
};

type GoldenEntry = { readonly dims: readonly number[]; readonly file: string; readonly offset: number; readonly tolerance: number; readonly why: string };

const FIXTURES = new URL('../../../models/fixtures/', import.meta.url);

/** Reads an array by its name, of one shipped model. @throws Error naming those there are */
export function readGolden(name: string, model = 'nano'): GoldenArray {
  const folder = new URL(`${model}/`, FIXTURES);
  const entries = JSON.parse(readFileSync(new URL('golden.json', folder), 'utf8')) as Record<string, GoldenEntry>; // written by parity.py
  const entry = entries[name];
  if (entry === undefined) throw new Error(`golden.json has no "${name}"; it has ${Object.keys(entries).join(', ')}.`);
  const { dims, file, offset, tolerance, why } = entry;
  const bytes = readFileSync(new URL(file, folder));
  const length = dims.reduce((product, d) => product * d, 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset + 4 * offset, 4 * length);
  return { dims, data: Float32Array.from({ length }, (_, i) => view.getFloat32(4 * i, true)), tolerance, why };
}
