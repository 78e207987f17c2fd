import { expect, it } from 'vitest';
import { describeProgress } from './progress-text.ts';

it('counts tiles and the steps within them', () => {
  expect(describeProgress({ type: 'step', step: 1, steps: 2, tile: 3, tiles: 4, elapsedMs: 0 })).toEqual({
    text: 'Restoring: tile 3 of 4, step 1 of 2',
    fraction: 0.625,
  });
  expect(describeProgress({ type: 'tile', tile: 4, tiles: 4, elapsedMs: 0 })?.fraction).toBe(1);
});
it('tells bytes of uploads and downloads in megabytes', () => {
  expect(describeProgress({ type: 'upload', sentBytes: 1_250_000, totalBytes: 2_000_000, elapsedMs: 0 })?.text).toBe('Sending: 1.3 MB of 2.0 MB');
  expect(describeProgress({ type: 'load', file: 'weights/nano/denoiser.onnx', loadedBytes: 1e6, totalBytes: 3e6, elapsedMs: 0 })?.text).toBe(
    'Loading the model: 1.0 MB of 3.0 MB of denoiser.onnx',
  );
});
it('tells the place in a server’s queue, and waits for a server that has none', () => {
  const waiting = { type: 'queue', attempt: 1, waitMs: 0, elapsedMs: 0 } as const;
  expect(describeProgress({ ...waiting, place: 3 })?.text).toBe('In the server’s queue: place 3');
  expect(describeProgress({ ...waiting, place: 1 })?.text).toBe('In the server’s queue: next');
  expect(describeProgress({ ...waiting, attempt: 2, waitMs: 1500 })?.text).toBe('The server is busy; trying again in 2 s');
});
it('says why an engine was left', () => {
  expect(describeProgress({ type: 'fallback', from: 'remote', to: 'device', reason: 'it does not answer', elapsedMs: 0 })?.text).toBe(
    'Going from remote to device: it does not answer',
  );
});
it('says nothing for finished rectangles, which are seen', () => {
  expect(describeProgress({ type: 'patch', x: 0, y: 0, width: 1, height: 1, elapsedMs: 0 })).toBeUndefined();
});
