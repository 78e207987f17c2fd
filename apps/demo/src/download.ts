/** A finished entry and a strength -> a file that the browser keeps. */
import { blendFiles } from './blend.ts';
import type { Entry } from './queue.ts';

/** At full strength the file as it was restored, with its metadata; below that made by a canvas, which keeps none. */
export async function download({ file, result }: Pick<Entry, 'file' | 'result'>, strength: number): Promise<void> {
  if (result === undefined) return;
  const { channels } = result.report.input;
  const image = strength === 1 ? result.image : await blendFiles(file, result.image, strength, result.image.type, channels === 2 || channels === 4);
  const url = URL.createObjectURL(image);
  Object.assign(document.createElement('a'), { href: url, download: restoredName(file.name, image.type) }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser has begun to read it by then
}

/** `photo.JPG` and `image/png` -> `photo.restored.png`. */
export function restoredName(name: string, mediaType: string): string {
  const ending = mediaType.replace('image/', '').replace('jpeg', 'jpg');
  return `${name.replace(/\.[^.]*$/, '')}.restored.${ending}`;
}
