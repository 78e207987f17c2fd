/** Pictures -> restored ones, one at a time, in the order in which they came; each can be cancelled and asked for again. */
import type { ProgressEvent } from '@fairweather/sdk';
import { isAbortError } from '@fairweather/sdk';
import { describeError, type ErrorText } from './error-text.ts';
import type { Restored } from './file-choice.ts';
import { describeProgress, type ProgressText } from './progress-text.ts';

export type Entry = {
  readonly id: number;
  readonly file: File;
  readonly state: State;
  /** The newest that was finished; it stays while another is made. */
  readonly result?: Restored;
  /** Weathers to take out; all of them when undefined. */
  readonly remove?: readonly string[];
};
export type State =
  | { readonly kind: 'waiting' | 'done' | 'cancelled' }
  | { readonly kind: 'working'; readonly progress: ProgressText }
  | { readonly kind: 'failed'; readonly error: ErrorText };

export type Queue = {
  /** @returns the new entries */
  add(files: readonly File[]): readonly Entry[];
  /** Restores it (again); what runs for it is stopped. */
  redo(id: number, remove?: readonly string[]): void;
  /** One that waits or is worked on. */
  cancel(id: number): void;
  /** What runs for it is stopped. */
  remove(id: number): void;
  clear(): void;
  entries(): readonly Entry[];
};

export type QueueDeps = {
  restore(
    file: File,
    options: { readonly remove?: readonly string[]; readonly signal: AbortSignal; onProgress(event: ProgressEvent): void },
  ): Promise<Restored>;
  /** An entry is new or has changed. */
  onChange(entry: Entry): void;
  /** Entries are gone. */
  onRemove(): void;
  /** Everything that is told while an entry is worked on. */
  onProgress(entry: Entry, event: ProgressEvent): void;
};

export function createQueue({ restore, onChange, onRemove, onProgress }: QueueDeps): Queue {
  const entries = new Map<number, Entry>();
  let nextId = 0;
  let running: { readonly id: number; readonly controller: AbortController } | undefined;

  const change = (id: number, changes: Partial<Entry>): void => {
    const known = entries.get(id);
    if (known === undefined) return; // removed meanwhile
    const entry = { ...known, ...changes };
    entries.set(id, entry);
    onChange(entry);
  };
  const next = (): void => {
    const waiting = [...entries.values()].find(({ state }) => state.kind === 'waiting');
    if (running === undefined && waiting !== undefined) void work(waiting);
  };
  const work = async ({ id, file, remove }: Entry): Promise<void> => {
    const controller = new AbortController();
    running = { id, controller };
    change(id, { state: { kind: 'working', progress: { text: 'Starting' } } });
    const tell = (event: ProgressEvent): void => {
      if (controller.signal.aborted) return;
      const progress = describeProgress(event);
      if (progress !== undefined) change(id, { state: { kind: 'working', progress } });
      const entry = entries.get(id);
      if (entry) onProgress(entry, event);
    };
    try {
      const result = await restore(file, { ...(remove && { remove }), signal: controller.signal, onProgress: tell });
      if (!controller.signal.aborted) change(id, { state: { kind: 'done' }, result });
    } catch (error) {
      if (!controller.signal.aborted && !isAbortError(error)) change(id, { state: { kind: 'failed', error: describeError(error) } });
    }
    running = undefined;
    next();
  };
  const stop = (id: number): void => {
    if (running?.id === id) running.controller.abort();
  };

  return {
    add(files) {
      const added = files.map((file): Entry => ({ id: nextId++, file, state: { kind: 'waiting' } }));
      for (const entry of added) entries.set(entry.id, entry);
      for (const entry of added) onChange(entry);
      next();
      return added;
    },
    redo(id, remove) {
      stop(id);
      const known = entries.get(id);
      if (known === undefined) return;
      const { remove: _, ...entry } = known;
      entries.set(id, entry);
      change(id, { state: { kind: 'waiting' }, ...(remove && { remove }) });
      next();
    },
    cancel(id) {
      stop(id);
      change(id, { state: { kind: 'cancelled' } });
    },
    remove(id) {
      stop(id);
      entries.delete(id);
      onRemove();
    },
    clear() {
      if (running) stop(running.id);
      entries.clear();
      onRemove();
    },
    entries: () => [...entries.values()],
  };
}
