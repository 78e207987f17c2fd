/** What a file's name says about its container. */
import { extname } from 'node:path';
import type { OutputFormat } from '@fairweather/core';

/** Endings of the containers we write; the first one of a container is the one we give. */
const WRITTEN: Readonly<Record<OutputFormat, readonly string[]>> = { jpeg: ['.jpg', '.jpeg', '.jfif'], png: ['.png'], webp: ['.webp'], avif: ['.avif'] };

/** Containers we read and do not write. */
const READ_ONLY = ['.gif', '.tif', '.tiff'];

/** Files of these endings are taken out of a folder. */
export const PICTURE_ENDINGS: readonly string[] = [...Object.values(WRITTEN).flat(), ...READ_ONLY];

/** The container that a name promises, if it is one we write. */
export function formatOfName(path: string): OutputFormat | undefined {
  const ending = extname(path).toLowerCase();
  return (Object.keys(WRITTEN) as OutputFormat[]).find((format) => WRITTEN[format].includes(ending)); // the keys are the type's
}

/** The usual ending of a container, e.g. `.jpg`. */
export function endingOf(format: OutputFormat): string {
  return WRITTEN[format][0] as string; // every list has one
}

/** `photo.restored.jpg`, `photo.compare.png`: written by this command, so not an input when a folder is walked. */
export function isOwnOutput(path: string): boolean {
  return /\.(restored|compare)\.[^.]+$/i.test(path);
}
