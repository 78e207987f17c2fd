/** The buttons and choices of saving -> files: one downloaded, copied or shared, or all of them in a zip. */
import { isAbortError, type RestoreOptions, type RestoreResult } from '@fairweather/sdk';
import { canShare, copy, download, share } from './download.ts';
import { describeError } from './error-text.ts';
import { chosenFormat, DEFAULT_QUALITY, type FileChoice, NAMES, type OutputFormat, planFile } from './file-choice.ts';
import { suggestName } from './file-name.ts';
import { makeFile } from './make-file.ts';
import { describeProgress } from './progress-text.ts';
import type { Entry } from './queue.ts';
import { findWritable } from './write-picture.ts';
import { saveZip } from './zip.ts';

export type SavePlaces = {
  readonly download: HTMLElement;
  readonly copy: HTMLElement;
  readonly share: HTMLElement;
  readonly zip: HTMLElement;
  readonly name: HTMLInputElement;
  readonly format: HTMLSelectElement;
  readonly quality: HTMLInputElement;
  readonly qualityText: HTMLElement;
  readonly keep: HTMLInputElement;
  /** One line of what is chosen. */
  readonly summary: HTMLElement;
  /** What will be in the file. */
  readonly note: HTMLElement;
  /** Shown while a file is made. */
  readonly saving: HTMLElement;
  readonly savingBar: HTMLProgressElement;
  readonly savingText: HTMLElement;
  readonly stop: HTMLElement;
};

export type SaveDeps = {
  /** The entry that is looked at. */
  current(): Entry | undefined;
  entries(): readonly Entry[];
  /** 0 to 1. */
  strength(): number;
  restore(file: File, options: RestoreOptions): Promise<RestoreResult>;
  /** Formats that some engine which may be used here writes. */
  engineWrites(): Promise<readonly string[]>;
};

export type SavePanel = {
  /** What the next restorations shall write. */
  choice(): FileChoice;
  /** The entry, its result or the strength has changed. */
  refresh(): void;
};

const FORMATS = Object.keys(NAMES) as readonly OutputFormat[]; // its own keys

export function listenToSaving(places: SavePlaces, deps: SaveDeps): SavePanel {
  const { format, quality, keep, name, note, summary, saving, savingBar, savingText } = places;
  const names = new Map<number, string>();
  let pageWrites: readonly string[] = ['jpeg', 'png']; // every browser
  let qualityChosen = false;
  let running: AbortController | undefined;
  let shared: { readonly key: string; readonly file: File } | undefined;

  const nameOf = ({ id, file }: Entry): string => names.get(id) || suggestName(file.name);
  const choice = (): FileChoice => ({
    format: format.value as FileChoice['format'], // the values in index.html
    metadata: keep.checked ? 'keep' : 'strip',
    ...(qualityChosen && { quality: Number(quality.value) }),
  });
  const make = (entry: Entry, changes: Partial<FileChoice>, signal: AbortSignal, before = ''): Promise<File> =>
    makeFile(entry, {
      choice: { ...choice(), ...changes },
      strength: deps.strength(),
      pageWrites,
      name: nameOf(entry),
      restore: deps.restore,
      signal,
      onProgress: (event) => {
        const { text, fraction } = describeProgress(event) ?? {};
        if (text !== undefined) tell(before + text, before === '' ? fraction : undefined);
      },
    });
  const tell = (text: string, fraction?: number): void => {
    savingText.textContent = text;
    if (fraction !== undefined) savingBar.value = fraction;
  };

  /** One at a time: another press takes the place of what runs. */
  const run = async (work: (signal: AbortSignal) => Promise<string>): Promise<void> => {
    running?.abort();
    const controller = new AbortController();
    running = controller;
    savingBar.removeAttribute('value');
    tell('Writing the file');
    saving.hidden = false;
    saving.dataset.state = 'working';
    const said = await work(controller.signal).catch((error: unknown) => (isAbortError(error) ? 'Stopped' : describeError(error).text));
    if (running !== controller) return;
    saving.dataset.state = 'done';
    tell(said);
  };
  const withEntry = (work: (entry: Entry, signal: AbortSignal) => Promise<string>) => (): void => {
    const entry = deps.current();
    if (entry?.result) void run((signal) => work(entry, signal));
  };

  places.download.addEventListener(
    'click',
    withEntry(async (entry, signal) => {
      const file = await make(entry, {}, signal);
      signal.throwIfAborted();
      download(file);
      return `${file.name}, ${describeBytes(file.size)}`;
    }),
  );
  places.copy.addEventListener(
    'click',
    withEntry(async (entry, signal) => {
      await copy(make(entry, { format: 'png', metadata: 'strip' }, signal));
      return 'Copied';
    }),
  );
  places.share.addEventListener(
    'click',
    withEntry(async (entry, signal) => {
      const key = JSON.stringify([entry.id, entry.remove, entry.result?.report.timings, choice(), deps.strength(), nameOf(entry)]);
      const file = shared?.key === key ? shared.file : await make(entry, {}, signal);
      shared = { key, file };
      return { shared: 'Shared', dismissed: 'Not shared', 'too-late': 'The file is ready; press Share once more.' }[await share(file)];
    }),
  );
  places.zip.addEventListener('click', () => {
    const finished = deps.entries().filter(({ result }) => result);
    void run(async (signal) => {
      let count = 0;
      async function* files(): AsyncGenerator<File> {
        for (const entry of finished) {
          signal.throwIfAborted();
          tell(`Writing picture ${count + 1} of ${finished.length}`, count / finished.length);
          yield await make(entry, {}, signal, `Picture ${count + 1} of ${finished.length}: `);
          count++;
        }
      }
      await saveZip('fairweather.zip', files(), signal);
      return `${count} pictures in fairweather.zip`;
    });
  });
  places.stop.addEventListener('click', () => running?.abort());
  name.addEventListener('input', () => {
    const entry = deps.current();
    if (entry) names.set(entry.id, name.value.trim());
  });
  format.addEventListener('change', () => {
    qualityChosen = false;
    refresh();
  });
  quality.addEventListener('input', () => {
    qualityChosen = true;
    refresh();
  });
  keep.addEventListener('change', () => refresh());

  const refresh = (): void => {
    const entry = deps.current();
    const result = entry?.result;
    if (entry === undefined || result === undefined) return;
    const written = chosenFormat(choice(), result.report.input.format);
    quality.disabled = written === 'png';
    if (!qualityChosen && written !== 'png') quality.value = String(DEFAULT_QUALITY[written]);
    places.qualityText.textContent = written === 'png' ? 'lossless' : quality.value;
    summary.textContent = `${NAMES[written]}${written === 'png' ? '' : `, quality ${quality.value}`}${keep.checked ? '' : ', no metadata'}`;
    note.textContent = planFile(result, choice(), deps.strength(), pageWrites).note;
    if (document.activeElement !== name) name.value = nameOf(entry);
  };
  void findWritable(FORMATS.map((one) => `image/${one}`)).then((types) => {
    pageWrites = types.map((type) => type.replace('image/', ''));
    refresh();
  });
  const offer = async (): Promise<void> => {
    const written = new Set([...pageWrites, ...(await deps.engineWrites())]);
    for (const option of format.options) option.hidden = option.disabled = option.value !== 'same' && !written.has(option.value);
    refresh();
  };
  places.share.hidden = !canShare();
  places.copy.hidden = typeof ClipboardItem === 'undefined';
  summary.closest('details')?.addEventListener('toggle', () => void offer());
  return { choice, refresh };
}

function describeBytes(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
