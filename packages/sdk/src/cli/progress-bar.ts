/** Progress of many pictures -> one bar on a terminal: share done, pictures, time so far and time left. Silent where there is no terminal. */
import { Presets, SingleBar } from 'cli-progress';
import type { ProgressEvent } from '../engine-port.ts';
import type { InputFile } from './find-inputs.ts';
import { formatDuration } from './report-text.ts';
import type { Terminal } from './terminal.ts';

export type PictureProgress = {
  start(input: InputFile): void;
  tell(event: ProgressEvent): void;
  /** The picture is finished, well or not. */
  finish(): void;
  /** Clears the bar, so that lines can be printed; it comes back with the next event. */
  hide(): void;
  stop(): void;
};

/** Fraction of a picture that is done when its phase begins; the tiles take nearly all the time. */
const PHASE_START: Readonly<Record<string, number>> = { read: 0, load: 0, decode: 0.01, condition: 0.03, restore: 0.05, encode: 0.95 };

/** Large pictures count for more: a picture weighs as much as its file. */
export function startProgress({ stderr }: Terminal, inputs: readonly InputFile[]): PictureProgress {
  const total = Math.max(
    1,
    inputs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  );
  if (stderr.isTTY !== true) return { start() {}, tell() {}, finish() {}, hide() {}, stop() {} };
  const begin = performance.now();
  let bar: SingleBar | undefined;
  let doneBytes = 0;
  let donePictures = 0;
  let current: InputFile | undefined;
  let fraction = 0;
  let doing = '';

  const show = (): void => {
    const value = doneBytes + fraction * (current?.sizeBytes ?? 0);
    const facts = {
      pictures: `${donePictures}/${inputs.length}`,
      time: describeTime(performance.now() - begin, value / total),
      name: `${current?.shown ?? ''}${doing}`,
    };
    if (bar === undefined) {
      bar = new SingleBar(
        { stream: stderr, format: '{bar} {percentage} % · {pictures} · {time} · {name}', clearOnComplete: true, hideCursor: true },
        Presets.shades_classic,
      );
      bar.start(total, value, facts);
    } else bar.update(value, facts);
  };
  const hide = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    start(input) {
      current = input;
      fraction = 0;
      doing = '';
      show();
    },
    tell(event) {
      fraction = Math.max(fraction, fractionOf(event));
      doing = describeDoing(event);
      show();
    },
    finish() {
      doneBytes += current?.sizeBytes ?? 0;
      donePictures += 1;
      current = undefined;
      fraction = 0;
    },
    hide,
    stop: hide,
  };
}

/** What stands behind the name: a wait, a place, or which of several tiles it is. */
export function describeDoing(event: ProgressEvent): string {
  if (event.type === 'queue') return event.place === undefined ? ', waits' : `, place ${event.place} in the queue`;
  return (event.type === 'tile' || event.type === 'step') && event.tiles > 1 ? `, tile ${event.tile} of ${event.tiles}` : '';
}

/** How much of a picture an event says is done, 0 to 1. */
export function fractionOf(event: ProgressEvent): number {
  const restoring = (share: number): number => 0.05 + 0.9 * share;
  if (event.type === 'phase') return PHASE_START[event.phase] ?? 0;
  if (event.type === 'step') return restoring((event.tile - 1 + event.step / event.steps) / event.tiles);
  if (event.type === 'work') return event.phase === 'restore' ? restoring(event.fraction) : (PHASE_START[event.phase] ?? 0);
  return event.type === 'tile' ? restoring(event.tile / event.tiles) : 0;
}

/** `12 s, 48 s left`; the rest is guessed from what is done, once 3 % are. */
export function describeTime(elapsedMs: number, share: number): string {
  const elapsed = formatDuration(elapsedMs);
  return share < 0.03 ? elapsed : `${elapsed}, ${formatDuration((elapsedMs / share) * (1 - share))} left`;
}
