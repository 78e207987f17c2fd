/** Output options and the input's container -> the container to write, or a refusal before any work is done. */
import { RestoreError } from '../errors.ts';
import { type CheckedOptions, OUTPUT_FORMATS, type OutputFormat } from '../options.ts';
import type { InputFormat, RestoreWarning } from '../report.ts';

export type OutputPlan = {
  readonly format: OutputFormat;
  readonly quality: number | undefined;
  readonly keep: 'keep' | 'strip';
  readonly warnings: readonly RestoreWarning[];
};

/** Longest side a container can hold, in pixels. */
const MAX_SIDE_PX: Readonly<Record<OutputFormat, number>> = { jpeg: 65_535, png: 2 ** 31 - 1, webp: 16_383, avif: 65_536 };

/**
 * @param writable containers this runtime writes
 * @throws RestoreError `invalid-option` when the container cannot hold the picture, or cannot be written here
 */
export function planOutput(
  output: CheckedOptions['output'],
  input: { readonly format: InputFormat; readonly width: number; readonly height: number },
  writable: readonly OutputFormat[] = OUTPUT_FORMATS,
): OutputPlan {
  const same = output.format === 'same';
  const format = same ? (writable.find((f) => f === input.format) ?? 'png') : (output.format as OutputFormat); // not `same`, as asked just before
  if (!writable.includes(format))
    throw new RestoreError('invalid-option', `output.format must be one of ${writable.join(', ')} in this runtime, got ${format}.`, {
      details: { option: 'output.format', format },
    });
  const side = Math.max(input.width, input.height);
  if (side > MAX_SIDE_PX[format])
    throw new RestoreError(
      'invalid-option',
      `output.format must hold ${input.width}x${input.height} pixels, ${format} holds ${MAX_SIDE_PX[format]} a side; use png.`,
      {
        details: { option: 'output.format', format },
      },
    );
  const warnings: RestoreWarning[] = [];
  if (same && format !== input.format) warnings.push({ code: 'format-changed', message: `${input.format} is not written; the result is a png.` });
  const quality = format === 'png' ? undefined : output.quality;
  if (quality !== output.quality) warnings.push({ code: 'quality-unused', message: `Quality ${output.quality} was not used: png is lossless.` });
  return { format, quality, keep: output.metadata, warnings };
}
