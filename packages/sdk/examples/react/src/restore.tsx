/** A photograph chosen -> the restored one, painted tile by tile as it comes; a second choice aborts the first. */
import { createClient, isAbortError, type ProgressEvent } from '@fairweather/sdk';
import { type ChangeEvent, type ReactElement, useEffect, useRef, useState } from 'react';

/** One client for the whole page; it starts nothing until it is used. */
const client = createClient({ privacy: 'on-device', models: '/models/' });

export function Restore(): ReactElement {
  const [status, setStatus] = useState('Choose a photograph.');
  const [restored, setRestored] = useState<string>();
  const canvas = useRef<HTMLCanvasElement>(null);
  const running = useRef<AbortController>(undefined);
  useEffect(() => () => running.current?.abort(), []);
  useEffect(() => () => void (restored !== undefined && URL.revokeObjectURL(restored)), [restored]);

  const paint = (event: ProgressEvent): void => {
    if (event.type === 'load') setStatus(`Loading ${event.file}: ${Math.round((100 * event.loadedBytes) / event.totalBytes)} %`);
    if (event.type === 'tile') setStatus(`Tile ${event.tile} of ${event.tiles}`);
    if (event.type === 'patch' && event.rgba !== undefined)
      canvas.current?.getContext('2d')?.putImageData(new ImageData(event.rgba, event.width, event.height), event.x, event.y);
  };
  const restore = async ({ target }: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const file = target.files?.[0];
    if (file === undefined) return;
    running.current?.abort();
    running.current = new AbortController();
    try {
      await showDegraded(file, canvas.current);
      const { image, report } = await client.restore(file, { signal: running.current.signal, patchPixels: true, onProgress: paint });
      setRestored(URL.createObjectURL(image));
      setStatus(`Restored by ${report.run.engine}`);
    } catch (error) {
      if (!isAbortError(error)) setStatus((error as Error).message);
    }
  };

  return (
    <main>
      <input type="file" accept="image/*" onChange={restore} />
      <p id="status">{status}</p>
      <canvas ref={canvas} />
      {restored !== undefined && <img id="restored" alt="restored" src={restored} />}
    </main>
  );
}

async function showDegraded(file: File, canvas: HTMLCanvasElement | null): Promise<void> {
  const picture = await createImageBitmap(file);
  if (canvas === null) return;
  canvas.width = picture.width;
  canvas.height = picture.height;
  canvas.getContext('2d')?.drawImage(picture, 0, 0);
  picture.close();
}
