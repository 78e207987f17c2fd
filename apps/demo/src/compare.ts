/** The elements around a picture -> one that is compared: divided, held, zoomed and moved by pointer, keys and buttons, and said aloud. */
import { listenForGestures } from './gestures.ts';
import type { PictureView } from './picture-view.ts';

export type ComparePlaces = {
  readonly frame: HTMLElement;
  readonly handle: HTMLElement;
  readonly split: HTMLInputElement;
  /** Buttons with `data-zoom`: `in`, `out`, `whole`, `real`. */
  readonly buttons: HTMLElement;
  /** Shows the original while it is pressed. */
  readonly original: HTMLButtonElement;
  /** Where the size is shown. */
  readonly size: HTMLElement;
  /** What is read out to those who do not see it. */
  readonly said: HTMLElement;
};

const ZOOM_STEP = 1.5;
const MOVE_PX = 60;
const SPLIT_STEP = 2;

/** So long after the last key the size is said. */
const SAY_AFTER_MS = 400;

export function listenToCompare({ frame, handle, split, buttons, original, size, said }: ComparePlaces, view: PictureView): void {
  let sayTimer: ReturnType<typeof setTimeout> | undefined;

  const divide = (percent: number): void => {
    const kept = Math.min(100, Math.max(0, percent));
    split.value = String(kept); // whole percents
    frame.style.setProperty('--split', `${kept}%`);
    split.setAttribute('aria-valuetext', `${split.value} % of the picture as it was, the rest restored`);
  };
  const hold = (held: boolean): void => {
    if (frame.hasAttribute('data-held') === held) return;
    frame.toggleAttribute('data-held', held);
    original.setAttribute('aria-pressed', String(held));
    said.textContent = held ? 'The original is shown' : 'The restored picture is shown again';
  };
  const zooms: Readonly<Record<string, () => void>> = {
    in: () => view.glideTo(view.scale() * ZOOM_STEP),
    out: () => view.glideTo(view.scale() / ZOOM_STEP),
    whole: () => view.glideTo(0),
    real: () => view.glideTo(1),
  };
  const zoom = (how: string): void => {
    zooms[how]?.();
    clearTimeout(sayTimer);
    sayTimer = setTimeout(() => {
      said.textContent = view.isZoomed() ? `${size.textContent} of real size` : 'The whole picture';
    }, SAY_AFTER_MS);
  };
  const arrow = (x: number, y: number): void => {
    if (view.isZoomed()) view.moveBy({ x: -x * MOVE_PX, y: -y * MOVE_PX });
    else divide(Number(split.value) + (x - y) * SPLIT_STEP);
  };
  const keys: Readonly<Record<string, () => void>> = {
    '+': () => zoom('in'),
    '=': () => zoom('in'),
    '-': () => zoom('out'),
    '0': () => zoom('whole'),
    '1': () => zoom('real'),
    b: () => hold(true),
    ' ': () => hold(true),
  };
  const arrows: Readonly<Record<string, () => void>> = {
    ArrowLeft: () => arrow(-1, 0),
    ArrowRight: () => arrow(1, 0),
    ArrowUp: () => arrow(0, -1),
    ArrowDown: () => arrow(0, 1),
  };

  split.addEventListener('input', () => divide(Number(split.value)));
  divide(Number(split.value));
  listenForGestures(frame, handle, {
    zoomBy: (factor, at) => view.zoomBy(factor, at),
    moveBy: (distance) => view.moveBy(distance),
    isZoomed: () => view.isZoomed(),
    divideAt: (fraction) => divide(100 * fraction),
    hold,
    doubleTap: (at) => view.glideTo(view.isZoomed() ? 0 : Math.max(1, 2 * view.scale()), at),
  });
  frame.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    // Arrows on the slider are the slider's own; with Shift they move the picture there too.
    const act = keys[event.key] ?? (event.target === split && !event.shiftKey ? undefined : arrows[event.key]);
    if (act === undefined) return;
    event.preventDefault();
    act();
  });
  frame.addEventListener('keyup', ({ key }) => (key === 'b' || key === ' ') && hold(false));
  frame.addEventListener('focusout', () => hold(false));
  buttons.addEventListener('click', ({ target }) => {
    if (target instanceof HTMLElement && target.dataset.zoom) zoom(target.dataset.zoom);
  });
  listenForPress(original, hold);
  view.onLook(() => {
    frame.toggleAttribute('data-zoomed', view.isZoomed());
    size.textContent = `${Math.round(100 * view.scale())} %`;
  });
}

/** A button that works while it is pressed, by pointer or by key; a screen reader's click turns it on and off. */
function listenForPress(button: HTMLButtonElement, press: (pressed: boolean) => void): void {
  let byHand = false;
  button.addEventListener('pointerdown', (event) => {
    byHand = true;
    button.setPointerCapture(event.pointerId);
    press(true);
  });
  for (const end of ['pointerup', 'pointercancel', 'blur'] as const) button.addEventListener(end, () => press(false));
  button.addEventListener('keydown', ({ key, repeat }) => {
    if ((key !== ' ' && key !== 'Enter') || repeat) return;
    byHand = true;
    press(true);
  });
  button.addEventListener('keyup', ({ key }) => (key === ' ' || key === 'Enter') && press(false));
  button.addEventListener('contextmenu', (event) => event.preventDefault());
  button.addEventListener('click', () => {
    if (!byHand) press(button.getAttribute('aria-pressed') !== 'true');
    byHand = false;
  });
}
