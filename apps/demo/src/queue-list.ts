/** The entries of the queue -> a list to choose from, once there are several. */
import type { Entry } from './queue.ts';

export function showQueue(list: HTMLElement, entries: readonly Entry[], selected: number | undefined, onSelect: (id: number) => void): void {
  list.hidden = entries.length < 2;
  while (list.children.length < entries.length) list.append(createRow(list.children.length, onSelect)); // rows stay, and with them the focus
  for (const { id, file, state, result } of entries) {
    const button = list.children[id]?.firstElementChild;
    const [name, stateText] = button?.children ?? [];
    if (!button || !name || !stateText) continue;
    button.setAttribute('aria-current', String(id === selected));
    name.textContent = file.name;
    stateText.textContent = STATES[state.kind] + (state.kind === 'done' && result ? ` · ${(result.report.timings.total / 1000).toFixed(1)} s` : '');
  }
}

const STATES: Readonly<Record<Entry['state']['kind'], string>> = {
  waiting: 'waiting',
  working: 'working …',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled',
};

function createRow(id: number, onSelect: (id: number) => void): HTMLLIElement {
  const button = Object.assign(document.createElement('button'), { type: 'button' });
  for (const className of ['name', 'state']) button.append(Object.assign(document.createElement('span'), { className }));
  button.addEventListener('click', () => onSelect(id));
  const row = document.createElement('li');
  row.append(button);
  return row;
}
