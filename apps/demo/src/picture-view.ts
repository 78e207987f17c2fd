/** A picture, its finished rectangles and the restored one -> two canvases of the frame's size that show the same part of both. */
import type { ProgressEvent } from '@fairweather/sdk';
import { drawBlend, drawDifference, drawPicture, type Place } from './blend.ts';
import { fitWhole, isZoomed, type Look, moveBy, type Point, type Scene, type Size, zoomTo } from './zoom.ts';

export type Patch = Extract<ProgressEvent, { readonly type: 'patch' }>;

/** Points and distances are CSS pixels from the frame's upper left corner. */
export type PictureView = {
  /** Shows a picture, as before and after, whole. Rejects when the browser cannot read it. */
  open(file: Blob): Promise<void>;
  /** Paints a finished rectangle of the restored picture. */
  paint(patch: Patch): void;
  showRestored(file: Blob): Promise<void>;
  /** @param strength 0 to 1, of what was taken away */
  setStrength(strength: number): void;
  /** Shows what was taken away in place of the restored picture. */
  setDifference(shown: boolean): void;
  /** @param at what stays where it is; the middle when left out */
  zoomBy(factor: number, at?: Point): void;
  /** In a short movement, unless the visitor wants none. @param scale device pixels a picture pixel: 1 is real pixels, 0 the whole picture */
  glideTo(scale: number, at?: Point): void;
  moveBy(distance: Point): void;
  isZoomed(): boolean;
  /** Device pixels a picture pixel. */
  scale(): number;
  /** @param tell called after every zoom or move, and at once */
  onLook(tell: () => void): void;
};

/** Larger pictures are looked at in fewer pixels; what is downloaded has them all. */
const MAX_BITMAP_PIXELS = 32_000_000;
/** Safari's canvases go to 16.7 million. */
const MAX_CANVAS_PIXELS = 16_000_000;
/** From here on picture pixels are shown as the squares they are. */
const SQUARES_FROM = 4;
const GLIDE_MS = 180;

export function createPictureView(frame: HTMLElement, before: HTMLCanvasElement, after: HTMLCanvasElement): PictureView {
  const contexts = { before: contextOf(before), after: contextOf(after) };
  let original: ImageBitmap | undefined;
  /** The restored picture at full strength: a canvas while rectangles come, then the finished one. */
  let restored: ImageBitmap | OffscreenCanvas | undefined;
  let picture: Size = { width: 1, height: 1 };
  let frameSize: Size = { width: 1, height: 1 };
  let look: Look = { x: 0, y: 0, scale: 1 };
  let strength = 1;
  let difference = false;
  let drawing = false;
  let glide: number | undefined;
  let onLook = (): void => {};

  const scene = (): Scene => ({ frame: frameSize, picture, largestFit: 2 * devicePixelRatio });
  const draw = (): void => {
    drawing = false;
    if (original === undefined) return;
    const place = placeOf(look, picture);
    for (const context of Object.values(contexts)) {
      context.imageSmoothingEnabled = look.scale < SQUARES_FROM;
      context.imageSmoothingQuality = look.scale < 1 ? 'medium' : 'low'; // medium averages what becomes smaller
    }
    drawPicture(contexts.before, original, place);
    if (restored === undefined) drawPicture(contexts.after, original, place);
    else if (difference) drawDifference(contexts.after, original, restored, place);
    else drawBlend(contexts.after, original, restored, strength, place);
  };
  /** Once a frame, however many rectangles and positions come. */
  const drawSoon = (): void => {
    if (!drawing) requestAnimationFrame(draw);
    drawing = true;
  };
  const lookAt = (next: Look): void => {
    look = next;
    drawSoon();
    onLook();
  };
  const toDevice = ({ x, y }: Point): Point => ({ x: x * devicePixelRatio, y: y * devicePixelRatio });
  const pointOf = (at: Point | undefined): Point => (at ? toDevice(at) : { x: frameSize.width / 2, y: frameSize.height / 2 });
  const stopGlide = (): void => {
    if (glide !== undefined) cancelAnimationFrame(glide);
    glide = undefined;
  };

  new ResizeObserver(([entry]) => {
    const wasZoomed = isZoomed(scene(), look);
    const [exact] = entry?.devicePixelContentBoxSize ?? []; // Safari has none
    frameSize = {
      width: Math.max(1, exact?.inlineSize ?? Math.round(frame.clientWidth * devicePixelRatio)),
      height: Math.max(1, exact?.blockSize ?? Math.round(frame.clientHeight * devicePixelRatio)),
    };
    for (const canvas of [before, after]) Object.assign(canvas, frameSize); // this clears them
    look = wasZoomed ? moveBy(scene(), look, { x: 0, y: 0 }) : fitWhole(scene());
    draw();
    onLook();
  }).observe(frame);

  return {
    async open(file) {
      const opened = await readPicture(file);
      original?.close();
      if (restored instanceof ImageBitmap) restored.close();
      [original, restored, picture] = [opened.bitmap, undefined, opened.size];
      frame.style.setProperty('--picture', `${picture.width} / ${picture.height}`);
      stopGlide();
      lookAt(fitWhole(scene()));
      draw();
    },
    paint({ x, y, width, height, rgba }) {
      if (rgba === undefined || original === undefined) return;
      const patch = new OffscreenCanvas(width, height);
      patch.getContext('2d')?.putImageData(new ImageData(rgba, width, height), 0, 0);
      if (!(restored instanceof OffscreenCanvas)) restored = copyOf(restored ?? original);
      const context = restored.getContext('2d') as OffscreenCanvasRenderingContext2D; // no other kind was asked for
      const scale = restored.width / picture.width;
      context.clearRect(x * scale, y * scale, width * scale, height * scale);
      context.drawImage(patch, x * scale, y * scale, width * scale, height * scale);
      drawSoon();
    },
    async showRestored(file) {
      const opened = await readPicture(file);
      if (restored instanceof ImageBitmap) restored.close();
      restored = opened.bitmap;
      draw();
    },
    setStrength(given) {
      strength = given;
      drawSoon();
    },
    setDifference(shown) {
      difference = shown;
      drawSoon();
    },
    zoomBy(factor, at) {
      stopGlide();
      lookAt(zoomTo(scene(), look, look.scale * factor, pointOf(at)));
    },
    glideTo(scale, at) {
      stopGlide();
      const [from, point, start] = [look, pointOf(at), performance.now()];
      const to = zoomTo(scene(), from, scale, point).scale;
      const step = (now: number): void => {
        const part = matchMedia('(prefers-reduced-motion: reduce)').matches ? 1 : Math.min(1, Math.max(0, (now - start) / GLIDE_MS));
        glide = part < 1 ? requestAnimationFrame(step) : undefined;
        lookAt(zoomTo(scene(), from, part < 1 ? from.scale * (to / from.scale) ** (1 - (1 - part) ** 3) : to, point));
      };
      step(start);
    },
    moveBy(distance) {
      stopGlide();
      lookAt(moveBy(scene(), look, toDevice(distance)));
    },
    isZoomed: () => isZoomed(scene(), look),
    scale: () => look.scale,
    onLook(tell) {
      onLook = tell;
      tell();
    },
  };
}

/** Where real pixels or more are shown, whole device pixels: nothing is averaged between two. */
function placeOf({ x, y, scale }: Look, { width, height }: Size): Place {
  const whole = scale >= 1 ? Math.round : (value: number) => value;
  return { x: whole(x), y: whole(y), width: width * scale, height: height * scale };
}

async function readPicture(file: Blob): Promise<{ readonly bitmap: ImageBitmap; readonly size: Size }> {
  const bitmap = await createImageBitmap(file);
  const size = { width: bitmap.width, height: bitmap.height };
  const smaller = smallerThan(size, MAX_BITMAP_PIXELS);
  if (smaller === size) return { bitmap, size };
  const reduced = await createImageBitmap(bitmap, { resizeWidth: smaller.width, resizeHeight: smaller.height, resizeQuality: 'medium' });
  bitmap.close();
  return { bitmap: reduced, size };
}

function copyOf(picture: ImageBitmap): OffscreenCanvas {
  const { width, height } = smallerThan(picture, MAX_CANVAS_PIXELS);
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.drawImage(picture, 0, 0, width, height);
  return canvas;
}

function smallerThan(size: Size, maxPixels: number): Size {
  const scale = Math.sqrt(maxPixels / (size.width * size.height));
  return scale >= 1 ? size : { width: Math.max(1, Math.round(size.width * scale)), height: Math.max(1, Math.round(size.height * scale)) };
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  return canvas.getContext('2d') as CanvasRenderingContext2D; // no other kind was asked for
}
