/** The visitor's key for the page's server, typed in when the server asks -> in memory, or in this tab's session storage if they wish. */
import type { TokenProvider } from '@fairweather/sdk';

const STORED_AS = 'fairweather-key';

export type KeyPlaces = {
  readonly form: HTMLFormElement;
  readonly text: HTMLInputElement;
  readonly keep: HTMLInputElement;
  readonly forget: HTMLButtonElement;
};

export type ServerKey = {
  /** Gives the key to the client before every request: none, as long as none is known. */
  readonly provide: TokenProvider;
  /** Shows the form while the server wants a key, and hides it otherwise. */
  ask(wanted: boolean): void;
};

/** @param onKey told that there is a new key */
export function listenForKey({ form, text, keep, forget }: KeyPlaces, storage: Storage, onKey: () => void): ServerKey {
  let key = storage.getItem(STORED_AS) ?? '';
  const set = (value: string, kept: boolean): void => {
    key = value;
    if (kept) storage.setItem(STORED_AS, value);
    else storage.removeItem(STORED_AS);
    forget.hidden = value === '';
  };
  forget.hidden = key === '';
  keep.checked = key !== '';
  form.addEventListener('submit', (event) => {
    event.preventDefault(); // it goes nowhere but into the header of requests
    set(text.value.trim(), keep.checked);
    text.value = '';
    onKey();
  });
  forget.addEventListener('click', () => set('', false));
  return {
    provide: () => key,
    ask(wanted) {
      const isNew = wanted && form.hidden;
      form.hidden = !wanted;
      if (isNew) text.focus();
    },
  };
}
