/** A picture, its finished rectangles and the restored one -> two canvases, one over the other, divided by a slider. */
import type { ProgressEvent } from '@fairweather/sdk';
import { drawBlend, drawDifference } from './blend.ts';

export type Patch = Extract<ProgressEvent, { readonly type: 'patch' }>;

export type PictureView = {
  /** Shows a picture, as before and after. Rejects when the browser cannot read it. */
  open(file: Blob): Promise<void>;
  /** Paints a finished rectangle of the restored picture. */
  paint(patch: Patch): void;
  showRestored(file: Blob): Promise<void>;
  /** @param strength 0 to 1, of what was taken away */
  setStrength(strength: number): void;
  /** Shows what was taken away in place of the restored picture. */
  setDifference(shown: boolean): void;
};

/** Larger pictures are shown smaller; what is downloaded has its full size. */
const MAX_VIEW_PIXELS = 12_000_000;

export function createPictureView(before: HTMLCanvasElement, after: HTMLCanvasElement, split: HTMLInputElement): PictureView {
  const contexts = { before: contextOf(before), after: contextOf(after) };
  /** The restored picture at full strength. */
  const restored = new OffscreenCanvas(1, 1);
  const restoredContext = restored.getContext('2d') as OffscreenCanvasRenderingContext2D; // no other kind was asked for
  let scale = 1;
  let strength = 1;
  let difference = false;
  let drawing = false;

  const draw = (): void => {
    drawing = false;
    if (difference) drawDifference(contexts.after, before, restored);
    else drawBlend(contexts.after, before, restored, strength);
  };
  /** Once a frame, however many rectangles and slider positions come. */
  const drawSoon = (): void => {
    if (!drawing) requestAnimationFrame(draw);
    drawing = true;
  };
  const divide = (): void => {
    before.parentElement?.style.setProperty('--split', `${split.value}%`);
    split.setAttribute('aria-valuetext', `${split.value} % of the picture as it was, the rest restored`);
  };
  split.addEventListener('input', divide);
  divide();

  return {
    async open(file) {
      const picture = await createImageBitmap(file);
      scale = Math.min(1, Math.sqrt(MAX_VIEW_PIXELS / (picture.width * picture.height)));
      for (const canvas of [before, after, restored]) {
        canvas.width = Math.max(1, Math.round(picture.width * scale));
        canvas.height = Math.max(1, Math.round(picture.height * scale));
      }
      contexts.before.drawImage(picture, 0, 0, before.width, before.height);
      restoredContext.drawImage(before, 0, 0);
      picture.close();
      draw();
    },
    paint({ x, y, width, height, rgba }) {
      if (rgba === undefined) return;
      const patch = new OffscreenCanvas(width, height);
      patch.getContext('2d')?.putImageData(new ImageData(rgba, width, height), 0, 0);
      restoredContext.clearRect(x * scale, y * scale, width * scale, height * scale);
      restoredContext.drawImage(patch, x * scale, y * scale, width * scale, height * scale);
      drawSoon();
    },
    async showRestored(file) {
      const picture = await createImageBitmap(file);
      restoredContext.clearRect(0, 0, restored.width, restored.height);
      restoredContext.drawImage(picture, 0, 0, restored.width, restored.height);
      picture.close();
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
  };
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  return canvas.getContext('2d') as CanvasRenderingContext2D; // no other kind was asked for
}
