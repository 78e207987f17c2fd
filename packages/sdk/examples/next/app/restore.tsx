'use client';
/** A photograph chosen -> restored on this device, or by this site's own server, which holds the key. */
import { createClient } from '@fairweather/sdk';
import { type ChangeEvent, type ReactElement, useState } from 'react';

/** Also made while the page is rendered on the server, where it does nothing. */
const device = createClient({ privacy: 'on-device', models: '/models/' });

export function Restore(): ReactElement {
  const [status, setStatus] = useState('Choose a photograph.');
  const [restored, setRestored] = useState<string>();
  const [onDevice, setOnDevice] = useState(true);

  const restore = async ({ target }: ChangeEvent<HTMLInputElement>): Promise<void> => {
    const file = target.files?.[0];
    if (file === undefined) return;
    setStatus('Restoring');
    try {
      setRestored(URL.createObjectURL(onDevice ? (await device.restore(file)).image : await restoreOnServer(file)));
      setStatus(`Restored on the ${onDevice ? 'device' : 'server'}`);
    } catch (error) {
      setStatus((error as Error).message);
    }
  };
  return (
    <main>
      <label>
        <input type="checkbox" checked={onDevice} onChange={() => setOnDevice(!onDevice)} /> on this device
      </label>
      <input type="file" accept="image/*" onChange={restore} />
      <p id="status">{status}</p>
      {restored !== undefined && <img id="restored" alt="restored" src={restored} />}
    </main>
  );
}

async function restoreOnServer(file: File): Promise<Blob> {
  const response = await fetch('/api/restore', { method: 'POST', body: file });
  if (!response.ok) throw new Error(await response.text());
  return response.blob();
}
