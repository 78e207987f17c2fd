/** A picture before and after, and a strength -> the picture in between, as the restoration itself would give it: only pixels are scaled. */

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
type Source = HTMLCanvasElement | OffscreenCanvas | ImageBitmap;

/**
 * Draws `before + strength (restored - before)`, to within one level of 255 for rounding. Both pictures have the size of the context's canvas.
 * @param strength 0 to 1
 */
export function drawBlend(context: Context, before: Source, restored: Source, strength: number): void {
  begin(context);
  context.globalAlpha = 1 - strength;
  context.drawImage(before, 0, 0);
  context.globalCompositeOperation = 'lighter'; // adds, transparency too
  context.globalAlpha = strength;
  context.drawImage(restored, 0, 0);
}

/** Draws what lies between the two: black where nothing was taken away. */
export function drawDifference(context: Context, before: Source, restored: Source): void {
  begin(context);
  context.drawImage(before, 0, 0);
  context.globalCompositeOperation = 'difference';
  context.drawImage(restored, 0, 0);
}

/** Both files in full size -> a file of the picture in between. @param mediaType one a canvas can write; others become PNG */
export async function blendFiles(before: Blob, restored: Blob, strength: number, mediaType: string, hasAlpha: boolean): Promise<Blob> {
  const [a, b] = await Promise.all([createImageBitmap(before), createImageBitmap(restored)]);
  const canvas = new OffscreenCanvas(b.width, b.height);
  const context = canvas.getContext('2d', { alpha: hasAlpha }) as OffscreenCanvasRenderingContext2D; // no other kind was asked for
  drawBlend(context, a, b, strength);
  a.close();
  b.close();
  return canvas.convertToBlob({ type: mediaType, quality: 0.92 });
}

function begin(context: Context): void {
  context.globalAlpha = 1;
  context.globalCompositeOperation = 'source-over';
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}
