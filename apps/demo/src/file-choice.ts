/** A restored picture and what its file shall be -> where that file comes from: it is there, this browser writes it, or the engine restores once more. */
import type { RestoreOptions, RestoreReport } from '@fairweather/sdk';

type OutputOptions = NonNullable<RestoreOptions['output']>;
export type OutputFormat = RestoreReport['output']['format'];

/** What a visitor chose. */
export type FileChoice = {
  readonly format: OutputFormat | 'same';
  /** 1 to 100; the engine's own for the format when left out. PNG knows none. */
  readonly quality?: number;
  readonly metadata: 'keep' | 'strip';
};

/** @property output what the engine was asked to write */
export type Restored = { readonly image: Blob; readonly report: RestoreReport; readonly output: FileChoice };

export type FilePlan = {
  readonly from: 'engine' | 'page' | 'again';
  readonly format: OutputFormat;
  /** What is in the file, and what not, as a sentence. */
  readonly note: string;
};

/** As the engine has them. */
export const DEFAULT_QUALITY: Readonly<Record<Exclude<OutputFormat, 'png'>, number>> = { jpeg: 92, webp: 90, avif: 65 };

/** @param pageWrites formats that this browser writes */
export function planFile({ report, output }: Restored, choice: FileChoice, strength: number, pageWrites: readonly string[]): FilePlan {
  const format = chosenFormat(choice, report.input.format);
  const byServer = report.run.engine === 'remote';
  const isSame =
    strength === 1 && format === report.output.format && qualityOf(choice, format) === qualityOf(output, format) && choice.metadata === output.metadata;
  if (isSame) return { from: 'engine', format, note: describeEngineFile(report, output) };
  if (byServer && choice.metadata === 'keep')
    return { from: 'again', format, note: 'The server restores the picture once more, to write this file with its EXIF and XMP.' };
  if (!pageWrites.includes(format))
    return { from: 'again', format, note: `The picture is restored once more, for this browser cannot write ${NAMES[format]}.` };
  return { from: 'page', format, note: `Written by this browser from the restored ${NAMES[report.output.format]}, without EXIF and XMP.` };
}

export function chosenFormat({ format }: Pick<FileChoice, 'format'>, input: RestoreReport['input']['format']): OutputFormat {
  if (format !== 'same') return format;
  return input === 'gif' || input === 'tiff' ? 'png' : input; // what cannot be written becomes PNG
}

export function qualityOf({ quality }: Pick<FileChoice, 'quality'>, format: OutputFormat): number | undefined {
  return format === 'png' ? undefined : (quality ?? DEFAULT_QUALITY[format]);
}

/** As an engine is told it. */
export function outputOptions({ format, quality, metadata }: FileChoice): OutputOptions {
  return { format, metadata, ...(quality !== undefined && format !== 'png' && { quality }) };
}

export const NAMES: Readonly<Record<OutputFormat, string>> = { jpeg: 'JPEG', png: 'PNG', webp: 'WebP', avif: 'AVIF' };

function describeEngineFile({ warnings }: RestoreReport, { metadata }: FileChoice): string {
  if (metadata === 'strip') return 'The file as it was restored, without EXIF and XMP.';
  const lost = warnings.some(({ code }) => code === 'metadata-lost');
  return lost
    ? 'Without the EXIF and XMP of yours: this file cannot take them from it.'
    : 'The file as it was restored, with the EXIF and XMP of yours, where there are any.';
}
