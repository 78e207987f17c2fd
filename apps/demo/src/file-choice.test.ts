import { expect, it } from 'vitest';
import { type FileChoice, outputOptions, planFile, type Restored } from './file-choice.ts';

const KEEP: FileChoice = { format: 'same', metadata: 'keep' };
const PAGE = ['jpeg', 'png', 'webp'];
function restored(engine: 'remote' | 'wasm', output: FileChoice = KEEP, input = 'jpeg', codes: readonly string[] = []): Restored {
  const written = output.format === 'same' ? input : output.format;
  const warnings = codes.map((code) => ({ code, message: '' }));
  return { image: new Blob(), output, report: { input: { format: input }, output: { format: written }, run: { engine }, warnings } } as unknown as Restored; // all that is read
}
const from = (...given: Parameters<typeof planFile>): string => planFile(...given).from;

it('takes the file as it was restored when nothing else is wanted', () => {
  expect(from(restored('wasm'), KEEP, 1, PAGE)).toBe('engine');
  expect(from(restored('wasm'), { format: 'jpeg', quality: 92, metadata: 'keep' }, 1, PAGE)).toBe('engine'); // the engine's own quality
  expect(from(restored('wasm', KEEP, 'png'), { format: 'png', quality: 50, metadata: 'keep' }, 1, PAGE)).toBe('engine'); // PNG knows none
  expect(from(restored('remote', { ...KEEP, quality: 40 }), { ...KEEP, quality: 40 }, 1, PAGE)).toBe('engine');
});
it('says whether metadata are in the file', () => {
  expect(planFile(restored('wasm'), KEEP, 1, PAGE).note).toContain('with the EXIF and XMP');
  expect(planFile(restored('wasm', KEEP, 'jpeg', ['metadata-lost']), KEEP, 1, PAGE).note).toContain('Without');
});
it('writes another format, quality or strength by the browser, without a new restoration', () => {
  expect(planFile(restored('wasm'), { ...KEEP, format: 'webp' }, 1, PAGE)).toMatchObject({ from: 'page', format: 'webp' });
  expect(from(restored('wasm'), { ...KEEP, quality: 50 }, 1, PAGE)).toBe('page');
  expect(from(restored('wasm'), KEEP, 0.5, PAGE)).toBe('page');
  expect(planFile(restored('wasm', KEEP, 'gif'), KEEP, 0.5, PAGE).format).toBe('png');
});
it('strips the metadata of a file by writing it anew, wherever it was restored', () => {
  for (const engine of ['remote', 'wasm'] as const) expect(from(restored(engine), { ...KEEP, metadata: 'strip' }, 1, PAGE)).toBe('page');
});
it('has the server write what only it can: with metadata, or a format this browser has not', () => {
  expect(from(restored('remote'), { ...KEEP, format: 'png' }, 1, PAGE)).toBe('again');
  expect(from(restored('remote'), KEEP, 0.5, PAGE)).toBe('again');
  expect(from(restored('wasm'), { ...KEEP, format: 'avif' }, 1, PAGE)).toBe('again');
});
it('tells the engine no quality of a PNG, which it would refuse', () => {
  expect(outputOptions({ format: 'png', quality: 50, metadata: 'strip' })).toEqual({ format: 'png', metadata: 'strip' });
  expect(outputOptions({ format: 'webp', quality: 50, metadata: 'keep' })).toEqual({ format: 'webp', quality: 50, metadata: 'keep' });
});
