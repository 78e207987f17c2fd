/** A picture before and after, and a strength -> the picture in between, as the restoration itself would give it: only pixels are scaled. */

type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;
export type PictureSource = HTMLCanvasElement | OffscreenCanvas | ImageBitmap;
/** Where a picture is drawn, whatever its own size, in pixels of the canvas. */
export type Place = { readonly x: number; readonly y: number; readonly width: number; readonly height: number };

/** The picture as it stands; nothing where `picture` is not. */
export function drawPicture(context: Context, picture: PictureSource, place: Place): void {
  begin(context);
  drawAt(context, picture, place);
}

/**
 * Draws `before + strength (restored - before)`, to within one level of 255 for rounding.
 * @param strength 0 to 1
 */
export function drawBlend(context: Context, before: PictureSource, restored: PictureSource, strength: number, place: Place): void {
  begin(context);
  if (strength < 1) {
    context.globalAlpha = 1 - strength;
    drawAt(context, before, place);
    context.globalCompositeOperation = 'lighter'; // adds, transparency too
  }
  context.globalAlpha = strength;
  drawAt(context, restored, place);
}

/** Draws what lies between the two, twice as bright, since most of it is faint: black where nothing was taken away. */
export function drawDifference(context: Context, before: PictureSource, restored: PictureSource, place: Place): void {
  begin(context);
  drawAt(context, before, place);
  context.globalCompositeOperation = 'difference';
  drawAt(context, restored, place);
  context.globalCompositeOperation = 'lighter';
  context.drawImage(context.canvas, 0, 0);
}

function begin(context: Context): void {
  context.globalAlpha = 1;
  context.globalCompositeOperation = 'source-over';
  context.clearRect(0, 0, context.canvas.width, context.canvas.height);
}

function drawAt(context: Context, picture: PictureSource, { x, y, width, height }: Place): void {
  context.drawImage(picture, x, y, width, height);
}
