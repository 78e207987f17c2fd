import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { describeDoing, describeTime, fractionOf, startProgress } from './progress-bar.ts';

describe('progress', () => {
  it('never falls from the first phase to the last, and reaches 0.95 when the last tile is done', () => {
    const elapsedMs = 0;
    const fractions = [
      fractionOf({ type: 'phase', phase: 'read', elapsedMs }),
      fractionOf({ type: 'phase', phase: 'condition', elapsedMs }),
      fractionOf({ type: 'phase', phase: 'restore', elapsedMs }),
      fractionOf({ type: 'step', step: 1, steps: 2, tile: 1, tiles: 2, elapsedMs }),
      fractionOf({ type: 'tile', tile: 1, tiles: 2, elapsedMs }),
      fractionOf({ type: 'step', step: 1, steps: 2, tile: 2, tiles: 2, elapsedMs }),
      fractionOf({ type: 'tile', tile: 2, tiles: 2, elapsedMs }),
    ];
    expect(fractions).toEqual([...fractions].sort((a, b) => a - b));
    expect(fractions.at(-1)).toBeCloseTo(0.95, 10);
  });

  it('guesses the time left from the share that is done, not before 3 % are', () => {
    expect(describeTime(1000, 0.01)).toBe('1.0 s');
    expect(describeTime(30_000, 0.25)).toBe('30 s, 1 min 30 s left');
  });

  it('names the place in a server’s queue, or the tile where there are several', () => {
    const waiting = { type: 'queue', attempt: 1, waitMs: 0, elapsedMs: 10 } as const;
    expect(describeDoing({ ...waiting, place: 3 })).toBe(', place 3 in the queue');
    expect(describeDoing({ ...waiting, attempt: 2 })).toBe(', waits');
    expect(describeDoing({ type: 'step', step: 1, steps: 2, tile: 2, tiles: 9, elapsedMs: 10 })).toBe(', tile 2 of 9');
    expect(describeDoing({ type: 'tile', tile: 1, tiles: 1, elapsedMs: 10 })).toBe('');
  });

  it('is drawn on a terminal, with pictures, time left and the name; elsewhere it is silent', () => {
    const inputs = [1, 2].map((i) => ({ shown: `${i}.jpg`, path: `/${i}.jpg`, below: `${i}.jpg`, sizeBytes: 100 }));
    const [first] = inputs as [(typeof inputs)[number]];
    const draw = (isTTY: boolean): string => {
      let text = '';
      const stderr = Object.assign(
        new Writable({
          write: (chunk, _, done) => {
            text += String(chunk);
            done();
          },
        }),
        { isTTY, columns: 120 },
      );
      const progress = startProgress({ stdout: stderr, stderr, cwd: '/' }, inputs);
      progress.start(first);
      progress.tell({ type: 'tile', tile: 1, tiles: 2, elapsedMs: 10 });
      progress.finish();
      progress.stop();
      return text;
    };
    expect(draw(true)).toMatch(/0\/2 · .* · 1\.jpg/);
    expect(draw(false)).toBe('');
  });
});
