/** Mouse, pen and fingers on the picture -> moves, zooms, positions of the divider, and a press that is held. */
import type { Point } from './zoom.ts';

/** Points are CSS pixels from the frame's upper left corner. */
export type GestureTargets = {
  zoomBy(factor: number, at: Point): void;
  moveBy(distance: Point): void;
  isZoomed(): boolean;
  /** @param fraction of the frame's width, 0 to 1 */
  divideAt(fraction: number): void;
  /** A press that stays where it is begins and ends. */
  hold(held: boolean): void;
  doubleTap(at: Point): void;
};

type Mode = 'undecided' | 'hold' | 'divide' | 'move' | 'pinch';

const HOLD_AFTER_MS = 200;
const DOUBLE_TAP_MS = 350;
/** Smaller movements are a hand that is not quite still. */
const STILL_PX = 6;
/** A wheel that has scrolled the page within this time goes on scrolling it. */
const SAME_SCROLL_MS = 250;

/** @param handle the divider's own handle: a press on it always divides */
export function listenForGestures(frame: HTMLElement, handle: HTMLElement, targets: GestureTargets): void {
  listenForWheel(frame, targets);
  const pointers = new Map<number, Point>();
  let mode: Mode = 'undecided';
  let pressedAt: Point = { x: 0, y: 0 };
  let lastTap: (Point & { readonly time: number }) | undefined;
  let holdTimer: ReturnType<typeof setTimeout> | undefined;

  const enter = (next: Mode): void => {
    clearTimeout(holdTimer);
    if ((mode === 'hold') !== (next === 'hold')) targets.hold(next === 'hold');
    mode = next;
  };
  const divideAt = ({ x }: Point): void => targets.divideAt(Math.min(1, Math.max(0, x / frame.clientWidth)));

  frame.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    frame.setPointerCapture(event.pointerId);
    const at = pointIn(frame, event);
    pointers.set(event.pointerId, at);
    pressedAt = at;
    enter(pointers.size > 1 ? 'pinch' : handle.contains(event.target as Node) ? 'divide' : 'undecided');
    if (mode === 'undecided') holdTimer = setTimeout(enter, HOLD_AFTER_MS, 'hold');
  });
  frame.addEventListener('pointermove', (event) => {
    const from = pointers.get(event.pointerId);
    if (from === undefined) return;
    const before = [...pointers.values()];
    const to = pointIn(frame, event);
    pointers.set(event.pointerId, to);
    if (mode === 'undecided' && distance(pressedAt, to) > STILL_PX) enter(targets.isZoomed() ? 'move' : 'divide');
    if (mode === 'pinch') pinch(before, [...pointers.values()], targets);
    else if (mode === 'divide') divideAt(to);
    else if (mode === 'move' || mode === 'hold') targets.moveBy({ x: to.x - from.x, y: to.y - from.y });
  });
  const release = (event: PointerEvent): void => {
    if (!pointers.delete(event.pointerId)) return;
    if (pointers.size > 0) {
      enter('move'); // one finger of two stays
      return;
    }
    const wasTap = mode === 'undecided' && event.type === 'pointerup';
    enter('undecided');
    if (!wasTap) return;
    const isSecond = lastTap !== undefined && event.timeStamp - lastTap.time < DOUBLE_TAP_MS && distance(lastTap, pressedAt) < 5 * STILL_PX;
    lastTap = isSecond ? undefined : { ...pressedAt, time: event.timeStamp };
    if (isSecond) targets.doubleTap(pressedAt);
  };
  frame.addEventListener('pointerup', release);
  frame.addEventListener('pointercancel', release); // the browser scrolls instead
  frame.addEventListener('contextmenu', (event) => mode === 'hold' && event.preventDefault()); // a long press of a finger
}

function pinch([a, b]: readonly Point[], [c, d]: readonly Point[], { zoomBy, moveBy }: GestureTargets): void {
  if (!a || !b || !c || !d) return;
  const middle = { x: (c.x + d.x) / 2, y: (c.y + d.y) / 2 };
  moveBy({ x: middle.x - (a.x + b.x) / 2, y: middle.y - (a.y + b.y) / 2 });
  if (distance(a, b) > 0) zoomBy(distance(c, d) / distance(a, b), middle);
}

/** A wheel, or two fingers on a trackpad (which come as a wheel with Ctrl). A whole picture that would become smaller leaves the wheel to the page. */
function listenForWheel(frame: HTMLElement, { zoomBy, isZoomed }: GestureTargets): void {
  let scrolledAt = Number.NEGATIVE_INFINITY;
  addEventListener(
    'wheel',
    ({ defaultPrevented, timeStamp }) => {
      if (!defaultPrevented) scrolledAt = timeStamp;
    },
    { passive: true },
  );
  frame.addEventListener(
    'wheel',
    (event) => {
      const isScroll = !event.ctrlKey && event.timeStamp - scrolledAt < SAME_SCROLL_MS;
      if (isScroll || (event.deltaY >= 0 && !isZoomed())) return;
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      zoomBy(2 ** ((-event.deltaY * lines) / (event.ctrlKey ? 100 : 300)), pointIn(frame, event));
    },
    { passive: false },
  );
}

function pointIn(frame: HTMLElement, { clientX, clientY }: MouseEvent): Point {
  const { left, top } = frame.getBoundingClientRect();
  return { x: clientX - left - frame.clientLeft, y: clientY - top - frame.clientTop };
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
