/** The entries of the queue -> a list to choose from once there are several: what each is doing, and what can be done with it. */
import type { Entry } from './queue.ts';

export type QueuePlaces = {
  /** Hidden while there are less than two. */
  readonly panel: HTMLElement;
  readonly list: HTMLElement;
  readonly summary: HTMLElement;
  readonly retry: HTMLElement;
  readonly zip: HTMLElement;
};

export type QueueActions = {
  select(id: number): void;
  remove(id: number): void;
  redo(id: number): void;
};

export function showQueue(
  { panel, list, summary, retry, zip }: QueuePlaces,
  entries: readonly Entry[],
  selected: number | undefined,
  actions: QueueActions,
): void {
  panel.hidden = entries.length < 2;
  const kept = new Set(entries.map(({ id }) => String(id)));
  for (const row of [...list.children] as HTMLElement[]) if (!kept.has(row.dataset.id ?? '')) removeRow(row);
  const rows = new Map(([...list.children] as HTMLElement[]).map((row) => [row.dataset.id, row])); // rows stay, and with them the focus
  for (const entry of entries) {
    const row = rows.get(String(entry.id)) ?? list.appendChild(createRow(entry, actions));
    showEntry(row, entry, entry.id === selected);
  }
  const count = (kind: Entry['state']['kind']): number => entries.filter(({ state }) => state.kind === kind).length;
  const failed = count('failed');
  setText(summary, `${count('done')} of ${entries.length} done${failed > 0 ? `, ${failed} failed` : ''}`);
  retry.hidden = failed === 0;
  zip.hidden = entries.filter(({ result }) => result).length < 2;
}

function showEntry(row: HTMLElement, { file, state, result }: Entry, isSelected: boolean): void {
  const part = <T extends HTMLElement>(className: string): T => row.querySelector(`.${className}`) as T; // createRow has made it
  row.dataset.state = state.kind;
  part('open').setAttribute('aria-current', String(isSelected));
  setText(part('name'), file.name);
  setText(part('state'), state.kind === 'done' && result ? `done · ${(result.report.timings.total / 1000).toFixed(1)} s` : STATES[state.kind]);
  const bar = part<HTMLProgressElement>('bar');
  bar.hidden = state.kind !== 'working';
  if (state.kind === 'working' && state.progress.fraction !== undefined) bar.value = state.progress.fraction;
  else bar.removeAttribute('value');
  part('redo').hidden = state.kind !== 'failed' && state.kind !== 'cancelled';
}

const STATES: Readonly<Record<Entry['state']['kind'], string>> = {
  waiting: 'waiting',
  working: 'working …',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

function createRow({ id, file }: Entry, { select, remove, redo }: QueueActions): HTMLLIElement {
  const row = document.createElement('li');
  row.dataset.id = String(id);
  const open = button('open', '', () => select(id));
  for (const className of ['name', 'state']) open.append(Object.assign(document.createElement('span'), { className }));
  const bar = Object.assign(document.createElement('progress'), { className: 'bar', max: 1 });
  bar.setAttribute('aria-label', `Progress of ${file.name}`);
  row.append(
    open,
    button('redo', '↻', () => redo(id), `Try ${file.name} again`),
    button('remove', '×', () => remove(id), `Remove ${file.name}`),
    bar,
  );
  row.addEventListener('keydown', (event) => {
    if (event.key === 'Delete') remove(id);
    const step = { ArrowDown: row.nextElementSibling, ArrowUp: row.previousElementSibling }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    focusRow(step);
  });
  return row;
}

function button(className: string, text: string, act: () => void, label?: string): HTMLButtonElement {
  const made = Object.assign(document.createElement('button'), { type: 'button', className, textContent: text });
  if (label !== undefined) Object.assign(made, { title: label, ariaLabel: label });
  made.addEventListener('click', act);
  return made;
}

/** Who uses the keyboard goes on at the next. */
function removeRow(row: HTMLElement): void {
  const next = row.contains(document.activeElement) ? (row.nextElementSibling ?? row.previousElementSibling) : null;
  row.remove();
  focusRow(next);
}

function focusRow(row: Element | null): void {
  row?.querySelector<HTMLElement>('.open')?.focus();
}

/** Not written when it stands there: a screen reader would read it again. */
function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
