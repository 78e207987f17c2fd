/** Which model restores, as the visitor chose it; hidden where there is only one. */
import type { ModelLine } from './model-lines.ts';

/** Put in by the build, from the models' manifest; the default is the first. */
declare const MODEL_LINES: readonly ModelLine[];

/** Fills the choice. @returns an option of the client; none for the default, which a server may have otherwise */
export function offerModels(choice: HTMLElement, select: HTMLSelectElement): () => { readonly model?: string } {
  select.replaceChildren(...MODEL_LINES.map(({ name, text }) => new Option(text, name)));
  choice.hidden = MODEL_LINES.length < 2;
  return () => (select.selectedIndex > 0 ? { model: select.value } : {});
}
