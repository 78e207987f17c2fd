/** Everything a visitor can hand a picture in by: the dialogs for files and folders, a drop anywhere, a paste, the samples -> files. */
import { picturesOf, readDrop } from './dropped-files.ts';

const SAMPLES: readonly { readonly name: string; readonly url: URL }[] = [
  { name: 'Rain', url: new URL('../../../samples/rain.jpg', import.meta.url) },
  { name: 'Heavy rain', url: new URL('../../../samples/heavy-rain.jpg', import.meta.url) },
  { name: 'Rain, haze', url: new URL('../../../samples/rain-and-haze.jpg', import.meta.url) },
  { name: 'Snow', url: new URL('../../../samples/snow.jpg', import.meta.url) },
  { name: 'Haze', url: new URL('../../../samples/haze.jpg', import.meta.url) },
  { name: 'Raindrops', url: new URL('../../../samples/raindrop.jpg', import.meta.url) },
];

export type PickPlaces = { readonly input: HTMLInputElement; readonly folder: HTMLInputElement; readonly samples: HTMLElement };

/** @param onFiles told the files, never none */
export function listenForPictures({ input, folder, samples }: PickPlaces, onFiles: (files: readonly File[]) => void): void {
  const take = (files: readonly File[]): void => {
    if (files.length > 0) onFiles(files);
  };
  input.addEventListener('change', () => {
    take([...(input.files ?? [])]);
    input.value = ''; // so that the same file may be chosen again
  });
  folder.addEventListener('change', () => {
    take(picturesOf([...(folder.files ?? [])]));
    folder.value = '';
  });
  const dragging = (shown: boolean) => (event: DragEvent) => {
    event.preventDefault();
    document.body.classList.toggle('dragging', shown);
  };
  addEventListener('dragover', dragging(true));
  addEventListener('dragleave', dragging(false));
  addEventListener('drop', (event) => {
    dragging(false)(event);
    if (event.dataTransfer) void readDrop(event.dataTransfer).then(take);
  });
  addEventListener('paste', (event) => take([...(event.clipboardData?.files ?? [])]));
  samples.append(...SAMPLES.map((sample) => sampleButton(sample, onFiles)));
}

function sampleButton({ name, url }: (typeof SAMPLES)[number], onFiles: (files: readonly File[]) => void): HTMLButtonElement {
  const button = Object.assign(document.createElement('button'), { type: 'button' });
  button.append(Object.assign(document.createElement('img'), { src: url.href, alt: '', width: 104, height: 51 }), name);
  button.addEventListener('click', async () => {
    const picture = await (await fetch(url)).blob();
    onFiles([new File([picture], `${name.toLowerCase().replace(/\W+/g, '-')}.jpg`, { type: picture.type })]);
  });
  return button;
}
