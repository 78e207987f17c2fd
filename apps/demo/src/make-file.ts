/** A restored entry and a choice -> the file a visitor takes away, with its name. */
import type { RestoreOptions, RestoreResult } from '@fairweather/sdk';
import { DEFAULT_QUALITY, type FileChoice, outputOptions, planFile, qualityOf } from './file-choice.ts';
import { fileName } from './file-name.ts';
import type { Entry } from './queue.ts';
import { writePicture } from './write-picture.ts';

export type MakeFileOptions = {
  readonly choice: FileChoice;
  /** Of what was taken away, 0 to 1. */
  readonly strength: number;
  /** Formats that this browser writes. */
  readonly pageWrites: readonly string[];
  /** Without its ending. */
  readonly name: string;
  restore(file: File, options: RestoreOptions): Promise<RestoreResult>;
  readonly signal: AbortSignal;
  readonly onProgress: NonNullable<RestoreOptions['onProgress']>;
};

/** @param entry one that has a result */
export async function makeFile(
  { file, result, remove }: Pick<Entry, 'file' | 'result' | 'remove'>,
  { choice, strength, pageWrites, name, restore, signal, onProgress }: MakeFileOptions,
): Promise<File> {
  if (result === undefined) throw new Error('There is no restored picture yet.');
  const { from, format } = planFile(result, choice, strength, pageWrites);
  const asFile = (image: Blob): File => new File([image], fileName(name, image.type), { type: image.type, lastModified: file.lastModified });
  if (from === 'engine') return asFile(result.image);
  const { model, input } = result.report;
  if (from === 'again') {
    const output = outputOptions({ ...choice, format });
    return asFile((await restore(file, { model: model.name, output, strength, signal, onProgress, ...(remove && { remove }) })).image);
  }
  const image = await writePicture(file, result.image, {
    strength,
    mediaType: `image/${format}`,
    quality: qualityOf(choice, format) ?? DEFAULT_QUALITY.jpeg,
    hasAlpha: input.channels % 2 === 0,
    isWide: result.report.warnings.some(({ code, message }) => code === 'colour-converted' && message.includes('Display P3')),
  });
  return asFile(image);
}
