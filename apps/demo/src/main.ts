/** The page: pictures handed in -> a queue, and the one that is looked at, before and after. */
import { type Client, createClient } from '@fairweather/sdk';
import { listenToCompare } from './compare.ts';
import { createDevicePanel } from './device-panel.ts';
import { clientOptions, findServer, type Where } from './engine-choice.ts';
import { describeRun } from './facts.ts';
import { outputOptions } from './file-choice.ts';
import { listenForInstall } from './install-button.ts';
import { keepThisPage } from './kept-page.ts';
import { offerModels } from './model-choice.ts';
import { showNetwork } from './network-badge.ts';
import { listenForPictures } from './pick-pictures.ts';
import { createPictureView } from './picture-view.ts';
import { createQueue, type Entry } from './queue.ts';
import { showQueue } from './queue-list.ts';
import { listenToSaving } from './save-panel.ts';
import { listenForKey } from './server-key.ts';
import { createUpdateBar } from './update-bar.ts';
import { showWeather } from './weather-chart.ts';

const at = <T extends HTMLElement>(id: string): T => document.getElementById(id) as T; // index.html has it
const strength = at<HTMLInputElement>('strength');
const where = at<HTMLSelectElement>('where');
const model = at<HTMLSelectElement>('model');
const chosenModel = offerModels(at('model-choice'), model);
const view = createPictureView(at('compare'), at('before'), at('after'));
listenToCompare(
  { frame: at('compare'), handle: at('handle'), split: at('split'), buttons: at('look'), original: at('original'), size: at('size'), said: at('said') },
  view,
);

let client: Client | undefined;
let hasServer = false;
let selected: number | undefined;
/** What the view shows now; nothing while it opens another, or when the browser cannot read it. */
let opened: number | undefined;
let shownImage: Blob | undefined;

const queue = createQueue({
  restore: async (file, options) => {
    const output = saving.choice();
    const { image, report } = await (await openClient()).restore(file, { ...options, ...chosenModel(), output: outputOptions(output), patchPixels: true });
    return { image, report, output };
  },
  onChange: (entry) => {
    list();
    if (entry.id === selected) show(entry);
    if (entry.state.kind === 'done') device.refresh(); // the first one brings model and engine along
  },
  onRemove: () => {
    list();
    if (current() !== undefined) return;
    const [first] = queue.entries();
    if (first) void select(first.id);
    else showNothing();
  },
  onProgress: (entry, event) => {
    if (event.type === 'patch' && entry.id === opened) view.paint(event);
  },
});

const saving = listenToSaving(
  {
    download: at('download'),
    copy: at('copy'),
    share: at('share'),
    zip: at('zip'),
    name: at('name'),
    format: at('format'),
    quality: at('quality'),
    qualityText: at('quality-text'),
    keep: at('keep'),
    summary: at('file-summary'),
    note: at('file-note'),
    saving: at('saving'),
    savingBar: at('saving-bar'),
    savingText: at('saving-text'),
    stop: at('saving-stop'),
  },
  {
    current,
    entries: queue.entries,
    strength: () => Number(strength.value) / 100,
    restore: async (file, options) => (await openClient()).restore(file, options),
    engineWrites: async () => (await (await openClient()).capabilities()).flatMap(({ available, outputFormats }) => (available ? outputFormats : [])),
  },
);

const key = listenForKey({ form: at('key'), text: at('key-text'), keep: at('key-keep'), forget: at('key-forget') }, sessionStorage, () => {
  for (const { id, state, remove } of queue.entries()) if (wantsKey(state)) queue.redo(id, remove);
});
const device = createDevicePanel(
  {
    panel: at('device'),
    state: at('device-state'),
    note: at('device-note'),
    files: at('device-files'),
    work: at('device-work'),
    workText: at('device-work-text'),
    makeReady: at('make-ready'),
    stop: at('device-stop'),
    remove: at('delete-stored'),
  },
  keepThisPage(createUpdateBar(at('update'), at('update-now'), at('update-later'))),
  chosenModel,
  () => createClient(clientOptions(where.value === 'webgpu' || where.value === 'wasm' ? where.value : 'device', document.baseURI, false)),
);
addEventListener('load', device.refresh);
listenForInstall(at('install'));
showNetwork(at('network'));

const serverFound = findServer(document.baseURI, fetch).then((found) => {
  hasServer = found;
  const option = where.querySelector<HTMLOptionElement>('[value="server"]');
  if (option) option.disabled = !found;
  noteWhere();
});

listenForPictures({ input: at('files'), folder: at('folder'), samples: at('samples') }, (files) => {
  const [first] = queue.add(files);
  if (first) void select(first.id);
});
model.addEventListener('change', () => {
  if (selected !== undefined) redo(selected);
  device.refresh();
});
where.addEventListener('change', async () => {
  noteWhere();
  const before = client;
  client = undefined;
  for (const { id, state, remove } of queue.entries()) if (id === selected || state.kind === 'working') queue.redo(id, remove); // by the new one
  await before?.dispose();
});
at('key-device').addEventListener('click', () => {
  where.value = 'device';
  where.dispatchEvent(new Event('change'));
});
at('cancel').addEventListener('click', () => selected !== undefined && queue.cancel(selected));
at('again').addEventListener('click', () => redo(selected));
strength.addEventListener('input', () => {
  at('strength-text').textContent = `${strength.value} %`;
  view.setStrength(Number(strength.value) / 100);
  saving.refresh();
});
at<HTMLInputElement>('residual').addEventListener('change', ({ currentTarget }) => {
  const { checked } = currentTarget as HTMLInputElement;
  at('side-after').textContent = checked ? 'Taken away, twice as bright' : 'After';
  view.setDifference(checked);
});
at('retry').addEventListener('click', () => {
  for (const { id, state, remove } of queue.entries()) if (state.kind === 'failed') queue.redo(id, remove);
});
at('clear').addEventListener('click', () => queue.clear());

async function openClient(): Promise<Client> {
  await serverFound;
  client ??= createClient(clientOptions(where.value as Where, document.baseURI, hasServer, key.provide)); // the values in index.html
  return client;
}

function list(): void {
  showQueue({ panel: at('queue-panel'), list: at('queue'), summary: at('queue-summary'), retry: at('retry'), zip: at('zip') }, queue.entries(), selected, {
    select,
    remove: queue.remove,
    redo,
  });
}

function current(): Entry | undefined {
  return queue.entries().find(({ id }) => id === selected);
}

function redo(id: number | undefined): void {
  const entry = queue.entries().find((one) => one.id === id);
  if (entry) queue.redo(entry.id, entry.remove);
}

/** As it was at first. */
function showNothing(): void {
  selected = undefined;
  opened = undefined;
  document.body.classList.remove('has-picture');
  for (const part of ['stage', 'result']) at(part).hidden = true;
  at('files').focus();
}

/** Looks at another picture. */
async function select(id: number): Promise<void> {
  selected = id;
  opened = undefined;
  shownImage = undefined;
  at('stage').dataset.shown = 'picture';
  const entry = current();
  if (entry === undefined) return;
  at('stage').hidden = false;
  document.body.classList.add('has-picture');
  list();
  show(entry);
  const readable = await view.open(entry.file).then(
    () => true,
    () => false, // the restoration says what is wrong with it
  );
  if (selected !== id) return;
  for (const part of ['compare', 'look', 'compare-hint']) at(part).hidden = !readable;
  if (readable) opened = id;
  const now = current();
  if (now) show(now);
}

/** The state of the picture that is looked at. */
function show({ id, state, result }: Entry): void {
  const busy = state.kind === 'working' || state.kind === 'waiting';
  const progress = at<HTMLProgressElement>('progress');
  progress.hidden = !busy;
  if (state.kind === 'working' && state.progress.fraction !== undefined) progress.value = state.progress.fraction;
  else progress.removeAttribute('value');
  if (busy || result === undefined) at('stage').dataset.shown = 'picture';
  at('cancel').hidden = !busy;
  at('again').hidden = state.kind !== 'cancelled' && state.kind !== 'failed';
  const facts = result && describeRun(result.report);
  at('status').ariaLive = busy ? 'off' : 'polite'; // not every tile is read out
  at('status').textContent =
    state.kind === 'working'
      ? state.progress.text
      : state.kind === 'waiting'
        ? 'Waiting'
        : state.kind === 'cancelled'
          ? 'Cancelled'
          : state.kind === 'done'
            ? (facts?.summary ?? '')
            : '';
  showProblem(state);
  key.ask(wantsKey(state));
  at('result').hidden = result === undefined;
  at('facts').hidden = facts === undefined;
  saving.refresh();
  if (busy || result === undefined) return;
  at('facts')
    .querySelector('ul')
    ?.replaceChildren(...(facts?.details ?? []).map((text) => Object.assign(document.createElement('li'), { textContent: text })));
  at('weather').hidden = result.report.weather.length === 0;
  showWeather(at('weather').querySelector('div') as HTMLElement, result.report, (remove) => queue.redo(id, remove));
  if (opened === id && (shownImage !== result.image || state.kind !== 'done')) {
    shownImage = result.image; // also after a cancelled one, whose rectangles are painted over
    void view.showRestored(result.image).then(() => {
      if (opened === id) at('stage').dataset.shown = 'restored';
    });
  }
}

function wantsKey(state: Entry['state']): boolean {
  return state.kind === 'failed' && state.error.code === 'unauthorized';
}

function showProblem(state: Entry['state']): void {
  const place = at('problem');
  place.hidden = state.kind !== 'failed';
  if (state.kind !== 'failed') return void place.replaceChildren();
  const { title, text, code } = state.error;
  const [strong, small] = [document.createElement('strong'), document.createElement('code')];
  strong.textContent = title;
  small.textContent = code;
  place.replaceChildren(strong, `${text} `, small);
}

/** Says where pictures go, before any does. */
function noteWhere(): void {
  const server = where.value === 'server' || (where.value === 'auto' && hasServer);
  at('where-note').textContent = !server
    ? 'Pictures stay on this device; the model is downloaded once.'
    : where.value === 'server'
      ? 'Pictures are sent to this page’s server.'
      : 'Pictures are sent to this page’s server; when it cannot be reached, this device restores.';
}
