/** The weather that was found -> a bar chart whose ticks say what is to be removed. */
import type { RestoreReport } from '@fairweather/sdk';

/** @param onChange told the weathers that are ticked after a tick has changed, at least one */
export function showWeather(
  place: HTMLElement,
  { weather, removed }: Pick<RestoreReport, 'weather' | 'removed'>,
  onChange: (remove: readonly string[]) => void,
): void {
  const rows = weather.map(({ weather: name, share, presence }) => {
    const tick = Object.assign(document.createElement('input'), { type: 'checkbox', value: name, checked: removed.includes(name) });
    const label = document.createElement('label');
    label.append(tick, ` ${name}`);
    const meter = Object.assign(document.createElement('meter'), { min: 0, max: 1, value: share });
    meter.setAttribute('aria-label', `Share of ${name}`);
    const amount = document.createElement('span');
    amount.textContent = `${Math.round(100 * share)} %`;
    const row = Object.assign(document.createElement('div'), {
      className: 'finding',
      title: `${name}: present with ${Math.round(100 * presence)} % certainty`,
    });
    row.append(label, meter, amount);
    return { tick, row };
  });
  for (const { tick } of rows)
    tick.addEventListener('change', () => {
      const remove = rows.filter((row) => row.tick.checked).map((row) => row.tick.value);
      if (remove.length === 0)
        tick.checked = true; // there would be nothing to do
      else onChange(remove);
    });
  const focused = place.contains(document.activeElement) ? (document.activeElement as HTMLInputElement).value : undefined; // ticks alone take it
  place.replaceChildren(...rows.map(({ row }) => row));
  rows.find(({ tick }) => tick.value === focused)?.tick.focus(); // who uses the keyboard stays where they were
}
