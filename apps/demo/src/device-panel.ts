/** The panel "On this device": what is stored there, whether it works offline, a way to make it ready, and one to delete it. */
import { type Client, isAbortError } from '@fairweather/sdk';
import { describeError } from './error-text.ts';
import type { KeptPage } from './kept-page.ts';
import { describeProgress } from './progress-text.ts';
import { describeDevice, type DeviceFacts, SHOWN_FROM_BYTES } from './stored-text.ts';

export type DevicePlaces = {
  readonly panel: HTMLDetailsElement;
  readonly state: HTMLElement;
  readonly note: HTMLElement;
  readonly files: HTMLElement;
  readonly work: HTMLElement;
  readonly workText: HTMLElement;
  readonly makeReady: HTMLButtonElement;
  readonly stop: HTMLButtonElement;
  readonly remove: HTMLButtonElement;
};

/**
 * @param chosenModel the model that would restore; none is the default
 * @param openClient makes a client of this device alone, which is disposed of here
 */
export function createDevicePanel(
  places: DevicePlaces,
  page: KeptPage,
  chosenModel: () => { readonly model?: string },
  openClient: () => Client,
): { refresh(): void } {
  let running: AbortController | undefined;
  let changes = 0; // begun and ended: a look that saw a part of one is not shown, for another one follows it

  const show = (facts: DeviceFacts): void => {
    const { state, note, lines } = describeDevice(facts);
    places.state.textContent = state;
    places.panel.dataset.ready = String(facts.isCached && facts.isKept);
    places.note.textContent = note;
    places.files.replaceChildren(...lines.flatMap(([what, size]) => [withText('dt', what), withText('dd', size)]));
    places.makeReady.hidden = running !== undefined || !facts.isKept || facts.isCached;
    places.remove.hidden = running !== undefined || facts.stored.totalBytes < SHOWN_FROM_BYTES;
  };
  const look = (): Promise<void> =>
    withClient(openClient, async (client) => {
      const before = changes;
      const facts = await findFacts(client, page, chosenModel());
      if (changes === before) show(facts);
    });
  /** Work that may fail, which is then told, and after which things are looked at anew. */
  const attempt = async (work: () => Promise<void>): Promise<void> => {
    places.workText.textContent = '';
    changes++;
    await work().catch((error: unknown) => {
      if (!isAbortError(error)) places.workText.textContent = describeError(error).text;
    });
    changes++;
    await look().catch(() => undefined); // what is shown stays; the next look tells
  };
  const makeReady = (): Promise<void> =>
    attempt(async () => {
      const controller = new AbortController();
      running = controller;
      for (const button of [places.makeReady, places.remove]) button.hidden = true;
      places.work.hidden = false;
      places.workText.ariaLive = 'off'; // not every megabyte is read out
      places.stop.focus();
      try {
        await withClient(openClient, (client) =>
          client.preload({
            ...chosenModel(),
            signal: controller.signal,
            onProgress: (event) => {
              places.workText.textContent = describeProgress(event)?.text ?? places.workText.textContent;
            },
          }),
        );
        await navigator.storage?.persist?.(); // asks that it be kept when space is short; the browser decides
        places.workText.textContent = '';
      } finally {
        running = undefined;
        places.work.hidden = true;
        places.workText.ariaLive = 'polite';
        places.panel.querySelector('summary')?.focus();
      }
    });

  places.makeReady.addEventListener('click', () => void makeReady());
  places.stop.addEventListener('click', () => running?.abort());
  places.remove.addEventListener('click', () => void attempt(() => withClient(openClient, (client) => client.clearCache())));
  places.panel.addEventListener('toggle', () => places.panel.open && void attempt(async () => {}));
  return { refresh: () => void look().catch(() => undefined) };
}

async function findFacts(client: Client, page: KeptPage, model: { readonly model?: string }): Promise<DeviceFacts> {
  const isKept = await page.isKept(); // at a first visit, once it is
  const [stored, isCached, pageBytes, capabilities] = await Promise.all([
    client.stored(),
    client.isCached(model),
    page.keptBytes(),
    client.capabilities(model),
  ]);
  const missingBytes = capabilities.find(({ available }) => available)?.downloadBytes;
  return { stored, isCached, isKept, pageBytes, missingBytes };
}

async function withClient<T>(openClient: () => Client, work: (client: Client) => Promise<T>): Promise<T> {
  const client = openClient();
  try {
    return await work(client);
  } finally {
    await client.dispose();
  }
}

function withText(tag: 'dt' | 'dd', text: string): HTMLElement {
  return Object.assign(document.createElement(tag), { textContent: text });
}
