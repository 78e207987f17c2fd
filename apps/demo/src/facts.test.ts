import type { RestoreReport } from '@fairweather/sdk';
import { expect, it } from 'vitest';
import { describeRun } from './facts.ts';

const REPORT = {
  run: { engine: 'wasm', threads: 2, fallbacks: [{ from: 'webgpu fp32', to: 'wasm', reason: 'There is no GPU.' }], notes: ['A note.'] },
  timings: { read: 4, restore: 1500, total: 1504 },
  model: { name: 'nano', version: '0.1.0' },
  backend: 'wasm',
  precision: 'fp32',
  input: { width: 640, height: 427, format: 'jpeg' },
  output: { bytes: 123_456, format: 'jpeg' },
  tiles: { count: 1 },
  warnings: [{ message: 'The first frame alone.' }],
} as unknown as RestoreReport; // the facts that are looked at

it('says where a picture was restored and how long it took', () => {
  expect(describeRun(REPORT).summary).toBe('Restored on this device, by WebAssembly, in 1.5 s.');
});
it('tells model, threads, size and times, and why another engine was left', () => {
  expect(describeRun(REPORT).details).toEqual([
    'Model nano 0.1.0, fp32, on wasm with 2 threads',
    '640 × 427 pixels of jpeg, in 1 tile; 123 kB of jpeg',
    'Time by phase: read 0.00 s, restore 1.5 s',
    'From webgpu fp32 to wasm: There is no GPU.',
    'The first frame alone.',
    'A note.',
  ]);
});
