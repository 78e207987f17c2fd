import { describe, expect, it } from 'vitest';
import { createLadder, describeFallbacks, type Rung } from './ladder.ts';

const names = (rungs: readonly Rung[]): string[] => rungs.map(({ backend, precision }) => `${backend} ${precision}`);
const always = (): boolean => true;

describe('the ladder of backends', () => {
  it('goes from WebGPU in fp16 by fp32 to the CPU', () => {
    expect(names(createLadder(['webgpu', 'wasm']).rungs(undefined, always))).toEqual(['webgpu fp16', 'webgpu fp32', 'wasm fp32']);
  });
  it('keeps a precision that was asked for, and leaves out one that the model lacks', () => {
    expect(names(createLadder(['webgpu', 'wasm']).rungs('fp16', always))).toEqual(['webgpu fp16', 'wasm fp16']);
    expect(names(createLadder(['webgpu', 'wasm']).rungs(undefined, (precision) => precision === 'fp32'))).toEqual(['webgpu fp32', 'wasm fp32']);
  });
  it('stays on the backend that was insisted on', () => {
    expect(names(createLadder(['wasm']).rungs(undefined, always))).toEqual(['wasm fp32']);
  });
  it('tells every step down with its own reason', () => {
    const ladder = createLadder(['webgpu', 'wasm']);
    const rungs = ladder.rungs(undefined, always);
    const [fp16, fp32, wasm] = rungs as [Rung, Rung, Rung];
    ladder.giveUp(fp16, 'No shader-f16.');
    expect(ladder.reasonAgainst(fp32)).toBeUndefined();
    expect(describeFallbacks(rungs, fp32, ladder.reasonAgainst)).toEqual([{ from: 'webgpu fp16', to: 'webgpu fp32', reason: 'No shader-f16.' }]);
    ladder.giveUp(fp32, 'The self-test reached 12.0 dB.');
    expect(describeFallbacks(rungs, wasm, ladder.reasonAgainst)).toEqual([
      { from: 'webgpu fp16', to: 'webgpu fp32', reason: 'No shader-f16.' },
      { from: 'webgpu fp32', to: 'wasm', reason: 'The self-test reached 12.0 dB.' },
    ]);
  });
  it('tells of a backend that does not work at all once', () => {
    const ladder = createLadder(['webgpu', 'wasm']);
    const rungs = ladder.rungs(undefined, always);
    const [fp16, , wasm] = rungs as [Rung, Rung, Rung];
    ladder.giveUp(fp16, 'No adapter.', true);
    expect(describeFallbacks(rungs, wasm, ladder.reasonAgainst)).toEqual([{ from: 'webgpu', to: 'wasm', reason: 'No adapter.' }]);
  });
});
