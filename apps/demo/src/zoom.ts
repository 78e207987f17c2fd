/** Where a picture lies in its frame -> where it lies after a zoom or a move. Lengths in device pixels; `scale` is device pixels a picture pixel. */

export type Size = { readonly width: number; readonly height: number };
export type Point = { readonly x: number; readonly y: number };
/** `x` and `y`: the picture's upper left corner in the frame. */
export type Look = Point & { readonly scale: number };
/** @property largestFit the most device pixels a picture pixel may become when the whole picture is shown */
export type Scene = { readonly frame: Size; readonly picture: Size; readonly largestFit: number };

/** A picture pixel becomes at most a square of eight device pixels, or twice what it is when the whole picture is shown. */
const LARGEST_SCALE = 8;

/** The whole picture, in the middle. */
export function fitWhole(scene: Scene): Look {
  return keepInside(scene, { x: 0, y: 0, scale: fitScale(scene) });
}

/** Whether something of the picture is outside the frame or may be: it can be moved. */
export function isZoomed(scene: Scene, { scale }: Look): boolean {
  return scale > fitScale(scene) * 1.001; // not a rounding
}

/** To another scale, while what lies under `at` stays there. @param scale taken to the nearest that is allowed */
export function zoomTo(scene: Scene, look: Look, scale: number, at: Point): Look {
  const smallest = fitScale(scene);
  const to = Math.min(Math.max(scale, smallest), Math.max(LARGEST_SCALE, 2 * smallest));
  const factor = to / look.scale;
  return keepInside(scene, { scale: to, x: at.x - (at.x - look.x) * factor, y: at.y - (at.y - look.y) * factor });
}

export function moveBy(scene: Scene, look: Look, { x, y }: Point): Look {
  return keepInside(scene, { ...look, x: look.x + x, y: look.y + y });
}

function fitScale({ frame, picture, largestFit }: Scene): number {
  return Math.min(frame.width / picture.width, frame.height / picture.height, largestFit);
}

/** A side that fits is centred; one that does not leaves no gap. */
function keepInside({ frame, picture }: Scene, { x, y, scale }: Look): Look {
  const along = (start: number, room: number, length: number): number => (length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, start)));
  return { scale, x: along(x, frame.width, picture.width * scale), y: along(y, frame.height, picture.height * scale) };
}
