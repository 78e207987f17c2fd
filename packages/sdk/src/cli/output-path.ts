/** An input and `-o` -> the file to write, in the container that its name promises. */
import { stat } from 'node:fs/promises';
import { basename, dirname, extname, join, resolve } from 'node:path';
import type { OutputFormat } from '@fairweather/core';
import { UsageError } from './cli-error.ts';
import type { InputFile } from './find-inputs.ts';
import { endingOf, formatOfName } from './picture-files.ts';

/** Where outputs go: one file, a folder, or beside each input. */
export type OutputPlace =
  | { readonly kind: 'file'; readonly path: string; readonly format: OutputFormat }
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'beside' };

/**
 * `-o` as typed -> a place. It means a folder when it is one, ends with a slash, has no ending, or several pictures come in.
 * @throws UsageError when it contradicts the inputs or `--format`
 */
export async function planOutputPlace(
  typed: string | undefined,
  { cwd, oneFile, format }: { readonly cwd: string; readonly oneFile: boolean; readonly format: OutputFormat | undefined },
): Promise<OutputPlace> {
  if (typed === undefined) return { kind: 'beside' };
  const path = resolve(cwd, typed);
  const facts = await stat(path).catch(() => undefined); // not there yet: the name decides
  if (facts?.isDirectory() || /[\\/]$/.test(typed)) return { kind: 'folder', path };
  if (!oneFile) {
    if (facts !== undefined) throw new UsageError(`-o must be a folder for several pictures, ${typed} is a file.`);
    return { kind: 'folder', path };
  }
  if (facts === undefined && extname(typed) === '') return { kind: 'folder', path };
  const named = formatOfName(typed);
  if (named === undefined) throw new UsageError(`-o must end with .jpg, .png, .webp or .avif, got ${typed}.`);
  if (format !== undefined && format !== named) throw new UsageError(`-o ${typed} and --format ${format} contradict each other; leave one out.`);
  return { kind: 'file', path, format: named };
}

/**
 * The file to write for an input.
 * @param format the container that will be written
 */
export function outputPathOf(input: InputFile, place: OutputPlace, format: OutputFormat): string {
  if (place.kind === 'file') return place.path;
  const ending = extname(input.below);
  const kept = formatOfName(input.below) === format ? ending : endingOf(format); // photo.JPEG stays .JPEG
  const stem = input.below.slice(0, input.below.length - ending.length);
  return place.kind === 'folder' ? join(place.path, `${stem}${kept}`) : join(dirname(input.path), `${basename(stem)}.restored${kept}`);
}

/** `restored.jpg` -> `restored.compare.jpg`; beside an input `photo.restored.jpg` -> `photo.compare.jpg`. */
export function comparePathOf(output: string): string {
  const ending = extname(output);
  return `${output.slice(0, output.length - ending.length).replace(/\.restored$/, '')}.compare${ending}`;
}
