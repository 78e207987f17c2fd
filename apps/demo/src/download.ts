/** A finished entry and a strength -> a file that the browser keeps. */
import type { Entry } from './queue.ts';
import { writePicture } from './write-picture.ts';

/** At full strength the file as it was restored, with its metadata; below that made by a canvas, which keeps none. */
export async function download({ file, result }: Pick<Entry, 'file' | 'result'>, strength: number): Promise<void> {
  if (result === undefined) return;
  const { channels } = result.report.input;
  const image =
    strength === 1
      ? result.image
      : await writePicture(file, result.image, { strength, mediaType: result.image.type, quality: 92, hasAlpha: channels % 2 === 0 });
  const url = URL.createObjectURL(image);
  Object.assign(document.createElement('a'), { href: url, download: restoredName(file.name, image.type) }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // the browser has begun to read it by then
}

/** `photo.JPG` and `image/png` -> `photo.restored.png`. */
export function restoredName(name: string, mediaType: string): string {
  const ending = mediaType.replace('image/', '').replace('jpeg', 'jpg');
  return `${name.replace(/\.[^.]*$/, '')}.restored.${ending}`;
}
